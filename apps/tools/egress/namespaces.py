"""Sockets inside the network of a sandbox, held by the worker."""

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

from apps.tools.egress import opener

_ANSWER_SECONDS = 5.0
_MOST_SOCKETS = 16


class NoWayIn(Exception):
    """The sandbox's network cannot be entered; the message says why."""


class Opener:
    """The process of opener.py, started on first use and once more should it have died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None

    def open(self, pid: int, *, tcp: Sequence[int], udp: Sequence[int]) -> list[socket.socket]:
        """Listeners and endpoints on the loopback of the network of `pid`, in the order of the
        ports. The caller holds the process alive, and closes them. Raises NoWayIn."""
        message = json.dumps({"pid": pid, "tcp": list(tcp), "udp": list(udp)}).encode()
        with self._lock:
            try:
                return self._ask(message)
            except OSError:
                self._close()
            try:
                return self._ask(message)
            except OSError as error:
                self._close()
                raise NoWayIn(f"the helper that opens it does not answer: {error}") from error

    def close(self) -> None:
        """End the process; the next use starts another."""
        with self._lock:
            self._close()

    def _ask(self, message: bytes) -> list[socket.socket]:
        channel = self._channel or self._start()
        channel.send(message)
        answer, descriptors, _, _ = socket.recv_fds(channel, 1024, _MOST_SOCKETS)
        if not answer:
            raise ConnectionError("it has ended")
        if answer != b"ok":
            raise NoWayIn(answer.decode("utf-8", "replace"))
        return [socket.socket(fileno=descriptor) for descriptor in descriptors]

    def _start(self) -> socket.socket:
        own, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(opener.__file__), str(other.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=(other.fileno(),),
                env={},
                cwd="/",
                start_new_session=True,
            )
        own.settimeout(_ANSWER_SECONDS)
        self._channel = own
        return own

    def _close(self) -> None:
        channel, self._channel = self._channel, None
        process, self._process = self._process, None
        if channel is not None:
            channel.close()
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()


_opener = Opener()


def open_inside(pid: int, *, tcp: Sequence[int], udp: Sequence[int]) -> list[socket.socket]:
    """See Opener.open; one opener serves the whole worker process."""
    return _opener.open(pid, tcp=tcp, udp=udp)


def _end() -> None:
    _opener.close()


def _forget() -> None:
    """A fork has a helper of its own: it would read its parent's answers."""
    global _opener
    _opener = Opener()


atexit.register(_end)
os.register_at_fork(after_in_child=_forget)
