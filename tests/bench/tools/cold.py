"""A Python call whose sandbox is started for it, beside a bare interpreter."""

from collections.abc import Iterator

from tests.bench.bars import Measured, compare, paired
from tests.bench.tools.bench import PROGRAM, Bench, bare_python, quiet_processors

BAR_MS = 60.0
RATIO_BAR = 1.8


def measure(bench: Bench, rounds: int) -> Iterator[Measured]:
    """From the claim of a call to its recorded result."""
    bare = bare_python()
    with bench.pool_size(0):
        _call(bench)
        found = paired(
            {"call": lambda: _call(bench), "bare": lambda: bench.run_bare(bare)}, rounds=rounds
        )
    calls = sorted(found["call"])
    yield Measured(
        name="cold Python call, p50",
        measured=calls[len(calls) // 2],
        unit="ms",
        bar=BAR_MS,
        note=quiet_processors(),
    )
    yield compare(
        found["call"],
        found["bare"],
        name="cold Python call",
        unit="ms",
        peer_name="bare python3",
        bar=RATIO_BAR,
    )


def _call(bench: Bench) -> float:
    return bench.execute(bench.plan("code", {"program": PROGRAM}))
