"""`make bench-tenancy`: what it costs that tenants cannot see each other, and to know who asks."""

import argparse

from agentplatform.embedded.supervisor import interrupt_on_signals
from tests.bench.bars import report
from tests.bench.process import platform_process
from tests.integration.tenants.user_pool import running_pool


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.tenancy", description=__doc__)
    parser.add_argument("--tenants", type=int, default=20)
    parser.add_argument("--rows", type=int, default=2000, help="of each tenant")
    parser.add_argument("--rounds", type=int, default=2000)
    given = parser.parse_args()
    interrupt_on_signals()
    with running_pool() as pool:
        settings = {name.upper(): value for name, value in pool.settings().items()}
        with platform_process(settings) as servers:
            from tests.bench.tenancy.credentials import measure_credentials
            from tests.bench.tenancy.reads import measure_reads
            from tests.bench.tenancy.rows import make_rows

            rows = make_rows(servers, tenants=given.tenants, rows_each=given.rows)
            lines = [
                *measure_reads(rows, rounds=given.rounds),
                *measure_credentials(pool, rounds=given.rounds),
            ]
    report(f"Tenancy: {given.tenants} tenants x {given.rows} runs, {given.rounds} rounds", lines)


if __name__ == "__main__":
    main()
