"""Memory of a group of processes, by sampling."""

from collections.abc import Iterable


def used_memory(pids: Iterable[int]) -> int:
    """Bytes: the private memory of all, and the largest shared part."""
    private = shared = 0
    for pid in pids:
        own, common = _resident_bytes(pid)
        private += own
        shared = max(shared, common)
    return private + shared


def _resident_bytes(pid: int) -> tuple[int, int]:
    """Anonymous and shared resident memory of a process; nothing once it is gone."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:  # noqa: PTH123
            lines = file.read().splitlines()
    except OSError:
        return 0, 0
    wanted = (line.partition(b":") for line in lines if line.startswith((b"RssAnon", b"RssShmem")))
    sizes = {name: int(rest.split()[0]) * 1024 for name, _, rest in wanted}
    return sizes.get(b"RssAnon", 0), sizes.get(b"RssShmem", 0)
