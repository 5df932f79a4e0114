"""When one call has to be over."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

_WATCH_SECONDS = 0.1
Answer = TypeVar("Answer")


class Timeout(Exception):
    """The call did not end in time."""


class Stopped(Exception):
    """Nobody wants the answer any more."""


@dataclass(frozen=True)
class Bounds:
    """A call ends at `deadline`, on the steady clock, or soon after `stop` is set."""

    deadline: float
    stop: threading.Event

    @property
    def left_seconds(self) -> float:
        return max(0.01, self.deadline - time.monotonic())

    def check(self) -> None:
        """Raises Stopped or Timeout when the call has to be over."""
        if self.stop.is_set():
            raise Stopped
        if time.monotonic() >= self.deadline:
            raise Timeout

    def wait(self, seconds: float) -> None:
        """Do nothing for a while. Raises Stopped, Timeout."""
        self.stop.wait(min(seconds, self.left_seconds))
        self.check()

    @contextmanager
    def cutting(self) -> Iterator[Callable[[socket.socket], None]]:
        """Cut the sockets given to the yielded function when the call has to be over, however
        slowly they drip."""
        done = threading.Event()
        sockets: list[socket.socket] = []

        def watch() -> None:
            while not done.wait(_WATCH_SECONDS):
                if self.stop.is_set() or time.monotonic() >= self.deadline:
                    for open_socket in sockets:
                        with suppress(OSError):
                            open_socket.shutdown(socket.SHUT_RDWR)

        watcher = threading.Thread(target=watch, name="http-deadline", daemon=True)
        watcher.start()
        try:
            yield sockets.append
        finally:
            done.set()
            watcher.join()

    def give_up_on(self, function: Callable[[], Answer]) -> Answer:
        """What `function` returns or raises, when it cannot be cut itself; its thread is left
        behind if that takes too long. Raises Stopped, Timeout."""
        answers: list[Answer] = []
        errors: list[Exception] = []
        done = threading.Event()

        def run() -> None:
            try:
                answers.append(function())
            except Exception as error:
                errors.append(error)
            finally:
                done.set()

        threading.Thread(target=run, name="http-resolver", daemon=True).start()
        while not done.wait(min(_WATCH_SECONDS, self.left_seconds)):
            self.check()
        if errors:
            raise errors[0]
        return answers[0]
