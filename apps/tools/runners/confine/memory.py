"""Memory of a group of processes, by looking at each of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_FREE_SOCKETS = 64
"""So many are not counted: what they may hold is little beside any limit."""
_SOCKET_BYTES = 2 * 212_992  # what the kernel lets a socket be asked to hold, as it comes


@dataclass(frozen=True)
class _Held:
    """Bytes of one process; `tables` are the kernel's, for its pages."""

    pid: str
    private: int
    shared: int
    tables: int


def used_memory(pids: Iterable[int | str], *, most: int, proc: str = "/proc") -> int:
    """Bytes that the processes hold, the kernel's tables of their pages included.

    Shared pages are looked at closely, which takes longer, only where the processes would hold more
    than `most` if nothing were shared.
    """
    processes = [_look_at(proc, str(pid)) for pid in pids]
    tables = sum(one.tables for one in processes)
    if tables > most:
        return tables
    if sum(one.private + one.shared for one in processes) + tables > most:
        return sum(_share_of(proc, one) for one in processes) + tables
    largest = max((one.shared for one in processes), default=0)
    return sum(one.private for one in processes) + largest + tables


def socket_memory(pid: int | str, *, proc: str = "/proc") -> int:
    """Bytes that the sockets in the network namespace of a process may hold: what lies in them
    belongs to no process, and the kernel does not say how much it is."""
    words = _read(f"{proc}/{pid}/net/sockstat").split()
    number = int(words[2]) if words[:2] == [b"sockets:", b"used"] else 0
    return max(0, number - _FREE_SOCKETS) * _SOCKET_BYTES


def _look_at(proc: str, pid: str) -> _Held:
    told = _kilobytes(_read(f"{proc}/{pid}/status"))
    sizes = [told.get(name, 0) for name in (b"RssAnon", b"RssShmem", b"VmPTE")]
    return _Held(pid, *(size * 1024 for size in sizes))


def _share_of(proc: str, held: _Held) -> int:
    """The process's part of its pages, each divided among those who hold it. All of it where that
    cannot be seen: a program can hide it."""
    told = _kilobytes(_read(f"{proc}/{held.pid}/smaps_rollup"))
    if b"Pss_Anon" not in told:
        return held.private + held.shared
    return (told[b"Pss_Anon"] + told.get(b"Pss_Shmem", 0)) * 1024


def _kilobytes(text: bytes) -> dict[bytes, int]:
    lines = (line.partition(b":") for line in text.splitlines() if line.endswith(b" kB"))
    return {name: int(size.split()[0]) for name, _, size in lines}


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:  # the process is gone
        return b""
