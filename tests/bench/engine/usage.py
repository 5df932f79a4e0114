"""What processes use: processor time and memory of a process and all that it started."""

import os
from collections.abc import Mapping
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(leaders: Mapping[str, int]) -> dict[str, float]:
    """User and system time of each leader's tree so far, ended children included."""
    stats = _stats()
    found = {}
    for name, leader in leaders.items():
        used = [stats[pid][11:15] for pid in _tree(leader, stats)]
        own = sum(int(value) for times in used for value in times[:2])
        ended = sum(int(value) for times in used for value in times[2:])
        found[name] = (own + ended) / TICKS
    return found


def resident_mib(leader: int) -> float:
    """Resident memory of the leader's tree, in MiB; what is shared counts in each."""
    stats = _stats()
    return sum(int(stats[pid][21]) for pid in _tree(leader, stats)) * PAGE / 2**20


def _tree(leader: int, stats: Mapping[int, list[str]]) -> list[int]:
    found = [leader] if leader in stats else []
    for pid in found:
        found.extend(child for child, stat in stats.items() if int(stat[1]) == pid)
    return found


def _stats() -> dict[int, list[str]]:
    """Every process's /proc/<pid>/stat after the name: state is 0, the parent 1."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(path.parent.name)] = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
    return found
