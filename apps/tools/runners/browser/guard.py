"""Hold a jailed browser to its limits."""

import os
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from apps.tools.contracts import ToolStatus
from apps.tools.runners.bubblewrap.inside import Inside, NotReady
from apps.tools.runners.bubblewrap.orphans import sweep_orphans
from apps.tools.runners.bubblewrap.process import as_owner_of, read_init_pid
from apps.tools.runners.bubblewrap.resources import bound
from apps.tools.runners.confine.groups.group import Groups
from apps.tools.runners.confine.supervise import SAMPLE_SECONDS
from apps.tools.runners.limits import MEGABYTE, Limits

_RESTING_SAMPLE_SECONDS = 0.25
_DRIVER_BYTES = 512 * MEGABYTE
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What a browser works for: until when, by time.monotonic, and whether it was stopped."""

    deadline: float
    stop: threading.Event


class Guard:
    """Watches a jailed browser from a thread of its own, for its whole life, and kills it at a
    limit. Between calls, when it watches for none, memory and files still count."""

    def __init__(self, limits: Limits, groups: Groups, driver_pid: int) -> None:
        self.broken: ToolStatus | None = None
        self.init = 0
        self._limits = limits
        self._groups = groups
        self._driver_pid = driver_pid
        self._inside: Inside | None = None
        self._watch: Watch | None = None
        self._cpu_ms_before = 0
        self._woken = threading.Event()
        self._is_closing = False

    def begin(self, watch: Watch) -> None:
        """Watch for a call from now on."""
        if self._inside is not None:
            self._cpu_ms_before = self._inside.cpu_ms
        self._watch = watch
        self._woken.set()

    def rest(self) -> None:
        """The call is over; the browser stays."""
        self._watch = None

    def close(self) -> None:
        """Ask the watching thread to kill what is left and to end."""
        self._is_closing = True
        self._woken.set()

    @property
    def peak_memory_bytes(self) -> int:
        """The most that the browser has used at once."""
        return self._inside.peak_memory_bytes if self._inside else 0

    @property
    def cpu_ms(self) -> int:
        """The processor time that the call has used."""
        return self._inside.cpu_ms - self._cpu_ms_before if self._inside else 0

    def watch(self, info: BinaryIO, go: BinaryIO) -> None:
        """Wait for the jail, let it go, and stay until it is dead."""
        try:
            self._hold(info, go)
        except (NotReady, ProcessLookupError):  # which Playwright reports
            sweep_orphans()

    def _hold(self, info: BinaryIO, go: BinaryIO) -> None:
        with closing(self._groups.make(self._limits)) as group:
            init = read_init_pid(info)
            group.add(init)
            with as_owner_of(init):
                bound(init, self._limits)
            with Inside(init, group) as inside:
                self._inside, self.init = inside, init
                go.write(b"x")
                self._stay(inside)

    def _stay(self, inside: Inside) -> None:
        while self.broken is None:
            self._woken.wait(SAMPLE_SECONDS if self._watch else _RESTING_SAMPLE_SECONDS)
            self._woken.clear()
            if self._is_closing:
                return
            self.broken = self._breach(inside)

    def _breach(self, inside: Inside) -> ToolStatus | None:
        watch = self._watch
        if watch is not None and watch.stop.is_set():
            return "killed"
        if watch is not None and time.monotonic() >= watch.deadline:
            return "timeout"
        if _resident_bytes(self._driver_pid) > _DRIVER_BYTES:
            return "memory_exceeded"
        return inside.breach(self._limits)


def _resident_bytes(pid: int) -> int:
    """The memory of the driver, which holds what the page sends it; nothing once it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0
