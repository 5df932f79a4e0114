"""A Python call whose interpreter has waited for it, beside a bare interpreter."""

from collections.abc import Iterator

from agentplatform.core.wait import wait_for
from tests.bench.bars import Measured, compare, paired
from tests.bench.tools.bench import PROGRAM, Bench, bare_python, quiet_processors

P50_BAR_MS = 15.0
P95_BAR_MS = 30.0
RATIO_BAR = 0.5
POOL = 2


def measure(bench: Bench, rounds: int) -> Iterator[Measured]:
    """From the claim of a call to its recorded result, its artifact included."""
    bare = bare_python()
    with bench.pool_size(POOL):
        call_warm(bench)
        found = paired(
            {"call": lambda: call_warm(bench), "bare": lambda: bench.run_bare(bare)}, rounds=rounds
        )
    calls = sorted(found["call"])
    for share, bar in ((0.5, P50_BAR_MS), (0.95, P95_BAR_MS)):
        yield Measured(
            name=f"warm Python call, p{share * 100:.0f}",
            measured=calls[int(len(calls) * share)],
            unit="ms",
            bar=bar,
            note=quiet_processors(),
        )
    yield compare(
        found["call"],
        found["bare"],
        name="warm Python call",
        unit="ms",
        peer_name="bare python3",
        bar=RATIO_BAR,
    )


def call_warm(bench: Bench) -> float:
    """One call, made when the pool is full again."""
    from apps.tools.runners.bubblewrap.pool import warm_pool

    call_id = bench.plan("code", {"program": PROGRAM})
    pool = warm_pool(POOL)
    wait_for(
        lambda: pool.is_idle, timeout_seconds=30, every_seconds=0.005, what="the pool to be full"
    )
    return bench.execute(call_id)
