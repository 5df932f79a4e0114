"""Watch a jailed program to its end: output, time, memory, files, and a wish to stop."""

import os
import select
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import IO, Protocol

from apps.tools.contracts import ToolStatus
from apps.tools.runners.limits import Limits

SAMPLE_SECONDS = 0.025
_CHUNK_BYTES = 64 * 1024


class Inside(Protocol):
    """What is alive in a jail. `pidfd` is readable once all of it is dead."""

    @property
    def pidfd(self) -> int: ...

    def breach(self, limits: Limits) -> ToolStatus | None:
        """The limit that it has passed by now, as a status."""
        ...

    def kill(self) -> None:
        """Kill all of it at once."""
        ...

    def wait_dead(self) -> None:
        """Return once all of it is dead."""
        ...


class Jailed(Protocol):
    """A running jail. `process` has the program's outputs and ends as the program does."""

    @property
    def process(self) -> subprocess.Popen[bytes]: ...

    @property
    def inside(self) -> Inside: ...


@dataclass(frozen=True, kw_only=True)
class Ended:
    """`broken` is the limit that ended the program, if one did. `exit_code` is 128 and the signal
    of one that a signal ended."""

    broken: ToolStatus | None
    exit_code: int
    stdout: bytes
    stderr: bytes


class _Stream:
    """One output of the program, kept up to a limit."""

    def __init__(self, source: IO[bytes], limit: int) -> None:
        self.source = source
        self.kept = bytearray()
        self._limit = limit
        self.is_over = False
        os.set_blocking(source.fileno(), False)

    def read(self) -> bool:
        """Take what is there. False at the end of the stream."""
        try:
            part = os.read(self.source.fileno(), _CHUNK_BYTES)
        except BlockingIOError:
            return True
        room = self._limit - len(self.kept)
        self.kept += part[:room]
        self.is_over |= len(part) > room
        return bool(part)

    def drain(self) -> None:
        """Take what a dead program left, as far as there is room."""
        while not self.is_over:
            before = len(self.kept)
            if not self.read() or len(self.kept) == before:
                return


def supervise(jailed: Jailed, limits: Limits, stop: threading.Event) -> Ended:
    """Let the program run to its end, and kill it at the first limit or when `stop` is set.
    When this returns, everything in the jail is dead."""
    assert jailed.process.stdout is not None
    assert jailed.process.stderr is not None
    streams = [
        _Stream(jailed.process.stdout, limits.output_bytes),
        _Stream(jailed.process.stderr, limits.output_bytes),
    ]
    broken = _watch(jailed, limits, stop, streams)
    jailed.inside.kill()
    jailed.inside.wait_dead()
    for stream in streams:
        stream.drain()
    code = jailed.process.wait()
    return Ended(
        broken=broken,
        exit_code=code if code >= 0 else 128 - code,
        stdout=bytes(streams[0].kept),
        stderr=bytes(streams[1].kept),
    )


def _watch(
    jailed: Jailed, limits: Limits, stop: threading.Event, streams: list[_Stream]
) -> ToolStatus | None:
    deadline = time.monotonic() + limits.wall_seconds
    next_sample = 0.0
    by_descriptor = {stream.source.fileno(): stream for stream in streams}
    poll = select.poll()
    poll.register(jailed.inside.pidfd, select.POLLIN)
    for descriptor in by_descriptor:
        poll.register(descriptor, select.POLLIN | select.POLLHUP)
    while True:
        ready = {descriptor for descriptor, _ in poll.poll(SAMPLE_SECONDS * 1000)}
        for descriptor in ready & by_descriptor.keys():
            if not by_descriptor[descriptor].read():
                poll.unregister(descriptor)
        if any(stream.is_over for stream in streams):
            return "output_exceeded"
        if jailed.inside.pidfd in ready:
            return None
        now = time.monotonic()
        if stop.is_set() or now >= deadline:
            return "killed" if stop.is_set() else "timeout"
        if now >= next_sample:
            next_sample = now + SAMPLE_SECONDS
            if breach := jailed.inside.breach(limits):
                return breach
