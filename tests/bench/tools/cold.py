"""A Python program whose sandbox is started for it, beside a bare interpreter."""

from collections.abc import Iterator

from tests.bench.bars import Measured, compare, paired
from tests.bench.tools.bench import PROGRAM, Bench, bare_python, quiet_processors, share_of

BAR_MS = 60.0
RATIO_BAR = 1.8


def measure(bench: Bench, rounds: int) -> Iterator[Measured]:
    """From nothing to the harvested artifacts, and the whole call around it, with its rows."""
    bare = bare_python()
    with bench.pool_size(0):
        bench.run_program()
        found = paired(
            {
                "program": bench.run_program,
                "call": lambda: bench.execute(bench.plan("code", {"program": PROGRAM})),
                "bare": lambda: bench.run_bare(bare),
            },
            rounds=rounds,
        )
    yield Measured(
        name="cold Python call with its rows, p50",
        measured=share_of(found["call"], 0.5),
        unit="ms",
        bar=BAR_MS,
        note=quiet_processors(),
    )
    yield compare(
        found["program"],
        found["bare"],
        name="cold Python program",
        unit="ms",
        peer_name="bare python3",
        bar=RATIO_BAR,
    )
