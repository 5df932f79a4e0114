"""Many calls at once, and what they leave."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.bars import Measured
from tests.bench.tools.bench import PROGRAM, Bench, mounts, own_children, quiet_processors

CALLS = 200
AT_ONCE = 8
BAR = 25.0
POOL = 2


def measure(bench: Bench, rounds: int) -> Iterator[Measured]:
    """CALLS calls in AT_ONCE threads of one worker: once, whatever the rounds."""
    from apps.tools.runners.bubblewrap.pool import close_pools

    close_pools()
    before = _state()
    ended = bench.count_successes()
    calls = [bench.plan("code", {"program": PROGRAM}) for _ in range(CALLS)]
    with bench.pool_size(POOL), ThreadPoolExecutor(AT_ONCE) as threads:
        began = time.perf_counter()
        list(threads.map(bench.execute, calls))
        taken = time.perf_counter() - began
    assert bench.count_successes() - ended == CALLS
    close_pools()
    yield Measured(
        name=f"{CALLS} calls, {AT_ONCE} in parallel",
        measured=CALLS / taken,
        unit="calls/s",
        bar=BAR,
        is_minimum=True,
        note=quiet_processors(),
    )
    left = {name: _state()[name] - had for name, had in before.items()}
    yield Measured(
        name="processes, mounts, groups and files they left",
        measured=float(sum(map(len, left.values()))),
        unit="",
        bar=0.0,
        note=", ".join(f"{name}: {len(found)}" for name, found in left.items()),
    )


def _state() -> dict[str, set[object]]:
    from apps.tools.runners.confine.groups.owner import PREFIX

    temporary = Path("/tmp").iterdir()
    return {
        "processes": set(own_children()),
        "mounts": set(mounts().splitlines()),
        "groups": {str(path) for path in Path("/sys/fs/cgroup").rglob(f"{PREFIX}-{os.getpid()}-*")},
        "files": {path.name for path in temporary if "sandbox" in path.name},
    }
