"""Processes in which operators' tools run, kept for the next call of the same tool."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import defaultdict
from contextlib import closing, suppress
from multiprocessing.connection import Connection
from typing import Any

_CHILD = "apps.tools.runners.operator.child"
_FRAME_BYTES = 64 * 1024 * 1024


class ProcessLost(Exception):
    """The process ended before it answered; `has_started` says whether it had begun the call."""

    def __init__(self, *, has_started: bool) -> None:
        super().__init__("the tool's process ended")
        self.has_started = has_started


class ToolProcess:
    """One process with one tool, which is named `module:attribute`. Used by one call at a time."""

    def __init__(self, named: str) -> None:
        self.named = named
        ours, theirs = socket.socketpair()
        life, self._life = os.pipe2(os.O_CLOEXEC)
        with theirs, closing(os.fdopen(life)):
            descriptors = (theirs.fileno(), life)
            self._process = subprocess.Popen(
                [sys.executable, "-m", _CHILD, *map(str, descriptors), named],
                pass_fds=descriptors,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,
            )
        self._connection = Connection(ours.detach())

    def send(self, **frame: Any) -> None:
        """Nothing is told when the process is gone; receive() will."""
        with suppress(OSError):
            self._connection.send_bytes(json.dumps(frame).encode())

    def receive(self, seconds: float) -> dict[str, Any] | None:
        """The next frame; None if none came in time. Raises EOFError once the process is gone."""
        try:
            if not self._connection.poll(max(0.0, seconds)):
                return None
            frame: dict[str, Any] = json.loads(self._connection.recv_bytes(_FRAME_BYTES))
        except OSError as error:
            raise EOFError from error
        return frame

    def end(self) -> None:
        """Kill the process and what it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._connection.close()
        os.close(self._life)


class IdleProcesses:
    """The processes that wait for a call; as many of a tool as calls ran at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: defaultdict[str, list[ToolProcess]] = defaultdict(list)

    def take(self, named: str) -> ToolProcess | None:
        """One that has served before, if there is one."""
        with self._lock:
            return self._idle[named].pop() if self._idle[named] else None

    def give_back(self, process: ToolProcess) -> None:
        """Keep it for the next call."""
        with self._lock:
            self._idle[process.named].append(process)

    def end(self) -> None:
        """End them all."""
        with self._lock:
            idle = [process for processes in self._idle.values() for process in processes]
            self._idle.clear()
        for process in idle:
            process.end()


IDLE = IdleProcesses()
atexit.register(IDLE.end)
