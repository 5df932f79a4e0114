"""A Python program whose interpreter has waited for it, beside a bare interpreter; and the whole
call around it, with its rows and its stored artifact."""

from collections.abc import Iterator

from agentplatform.core.wait import wait_for
from tests.bench.bars import Measured, compare, paired
from tests.bench.tools.bench import (
    PROGRAM,
    Bench,
    bare_node,
    bare_python,
    quiet_processors,
    share_of,
)

P50_BAR_MS = 15.0
P95_BAR_MS = 30.0
RATIO_BAR = 0.5
POOL = 2


def measure(bench: Bench, rounds: int) -> Iterator[Measured]:
    """From when a waiting interpreter is taken to when its artifacts are harvested, and from the
    claim of a call's row to its recorded result."""
    bare, bare_js = bare_python(), bare_node()
    with bench.pool_size(POOL):
        bench.run_program()
        bench.run_program("node")
        found = paired(
            {
                "program": lambda: _run_warm(bench),
                "call": lambda: _call_warm(bench),
                "bare": lambda: bench.run_bare(bare),
                "node": lambda: _run_warm(bench, "node"),
                "bare node": lambda: bench.run_bare(bare_js),
            },
            rounds=rounds,
        )
    for name, variant in (("program", "program"), ("call with its rows", "call")):
        for share, bar in ((0.5, P50_BAR_MS), (0.95, P95_BAR_MS)):
            yield Measured(
                name=f"warm Python {name}, p{share * 100:.0f}",
                measured=share_of(found[variant], share),
                unit="ms",
                bar=bar,
                note=quiet_processors(),
            )
    yield compare(
        found["program"],
        found["bare"],
        name="warm Python program",
        unit="ms",
        peer_name="bare python3",
        bar=RATIO_BAR,
    )
    yield compare(
        found["node"],
        found["bare node"],
        name="warm Node program",
        unit="ms",
        peer_name="bare node",
    )


def _run_warm(bench: Bench, language: str = "python") -> float:
    _await_full_pool()
    return bench.run_program(language)


def _call_warm(bench: Bench) -> float:
    call_id = bench.plan("code", {"program": PROGRAM})
    _await_full_pool()
    return bench.execute(call_id)


def _await_full_pool() -> None:
    from apps.tools.runners.bubblewrap.pool import warm_pool

    pool = warm_pool(POOL)
    wait_for(
        lambda: pool.is_idle, timeout_seconds=30, every_seconds=0.005, what="the pool to be full"
    )
