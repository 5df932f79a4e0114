"""The processes that a tool has started, as /proc tells of them."""

import os
from pathlib import Path


def descendants_of(pid):
    """Every process below `pid`, as the parents in /proc tell."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, rest = path.read_text().rpartition(")")
        except OSError:
            continue
        parents[head.split()[0]] = rest.split()[1]
    found, layer = [], {str(pid)}
    while layer:
        layer = {child for child, parent in parents.items() if parent in layer}
        found += layer
    return found


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def is_renderer(pid):
    return b"--type=renderer" in command_of(pid)


def is_browser(pid):
    """Chromium's first process: not one of its helpers, nor what holds its jail."""
    command = command_of(pid)
    program = command.partition(b"\0")[0]
    is_first = b"--remote-debugging-pipe" in command and b"--type=" not in command
    return is_first and b"chrom" in program.rpartition(b"/")[2] and is_alive(pid)


def is_driver(pid):
    return b"run-driver" in command_of(pid)


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def processes_with(marker):
    """The ids of the processes, but for this one, that have `marker` in their command."""
    everybody = (path.name for path in Path("/proc").glob("[0-9]*"))
    others = (pid for pid in everybody if pid != str(os.getpid()))
    return [pid for pid in others if marker.encode() in command_of(pid)]
