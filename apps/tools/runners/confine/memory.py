"""Memory of a group of processes, by looking at each of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from apps.tools.runners.confine.proc import look_at, read

_FREE_SOCKETS = 64
"""So many are not counted: what they may hold is little beside any limit."""
_OVERHEAD = 2
_SOCKET_BYTES = 2 * 212_992  # what the kernel lets a socket be asked to hold, as it comes


@dataclass(frozen=True)
class _Held:
    """Bytes of one process, whose folder in /proc this is; `tables` are the kernel's, for its
    pages."""

    folder: str
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
        return sum(_share_of(one) for one in processes) + tables
    largest = max((one.shared for one in processes), default=0)
    return sum(one.private for one in processes) + largest + tables


def socket_memory(pid: int | str, *, proc: str = "/proc") -> int:
    """Bytes that the sockets in the network namespace of a process may hold: what lies in them
    belongs to no process. The kernel says how much it is for TCP only, whose sockets may hold many
    megabytes each."""
    net = f"{proc}/{pid}/net"
    words = read(f"{net}/sockstat").split()
    number = int(words[2]) if words[:2] == [b"sockets:", b"used"] else 0
    return bytes_of_sockets(number) + (_in_connections(net) if number else 0)


def bytes_of_sockets(number: int) -> int:
    """Bytes that so many sockets may hold."""
    return max(0, number - _FREE_SOCKETS) * _SOCKET_BYTES


def _in_connections(net: str) -> int:
    """Bytes that wait in TCP connections, by the column tx_queue:rx_queue (proc(5), net/tcp), with
    what the kernel needs around them."""
    lines = [line for name in ("tcp", "tcp6") for line in read(f"{net}/{name}").splitlines()[1:]]
    queues = (line.split()[4].split(b":") for line in lines)
    return sum(int(sent, 16) + int(received, 16) for sent, received in queues) * _OVERHEAD


def _look_at(proc: str, pid: str) -> _Held:
    folder, status = look_at(proc, pid)
    told = _kilobytes(status)
    sizes = [told.get(name, 0) for name in (b"RssAnon", b"RssShmem", b"VmPTE")]
    return _Held(folder, *(size * 1024 for size in sizes))


def _share_of(held: _Held) -> int:
    """The process's part of its pages, each divided among those who hold it. All of it where that
    cannot be seen: a program can hide it."""
    told = _kilobytes(read(f"{held.folder}/smaps_rollup"))
    if b"Pss_Anon" not in told:
        return held.private + held.shared
    return (told[b"Pss_Anon"] + told.get(b"Pss_Shmem", 0)) * 1024


def _kilobytes(text: bytes) -> dict[bytes, int]:
    lines = (line.partition(b":") for line in text.splitlines() if line.endswith(b" kB"))
    return {name: int(size.split()[0]) for name, _, size in lines}
