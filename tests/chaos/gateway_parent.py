"""`python -m tests.chaos.gateway_parent 8 4`: so many processes of the gateway's HTTP door, each on
a port of its own, and of its Celery door, forked from this one and again whenever one has died.

It prints the ports as JSON. For each line of its input it kills one of them at random (`kill`) or
ends them all as a deployment would (`end`); it answers with how many were killed, and how many have
died that nobody had killed. It ends with its input.
"""

import gc
import json
import os
import random
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import django

django.setup()

from agentplatform.embedded.program import die_with_parent  # noqa: E402  after Django's setup
from tests.chaos.gateway_child import complete, serve  # noqa: E402

PATIENCE_SECONDS = 15.0


class Litter:
    """The processes by what they do."""

    def __init__(self, sockets: list[socket.socket], workers: int) -> None:
        self._sockets = sockets
        doors = [partial(serve, one) for one in sockets]
        self._works: list[Callable[[], None]] = [*doors, *[complete] * workers]
        self._pids: dict[int, int] = {}
        """The number of its work by process."""
        self._condemned: set[int] = set()
        self.killed = self.fallen = 0

    def fill(self) -> None:
        """Replace who has died."""
        with suppress(ChildProcessError):
            while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                self._pids.pop(pid)
                self.fallen += pid not in self._condemned
        for number in set(range(len(self._works))) - set(self._pids.values()):
            self._pids[self._fork(self._works[number])] = number

    def kill(self) -> None:
        victims = [pid for pid in self._pids if pid not in self._condemned]
        if victims:
            victim = random.choice(victims)
            self._condemned.add(victim)
            os.kill(victim, signal.SIGKILL)
            self.killed += 1

    def end(self) -> None:
        """Tell them to stop, and wait until they have; who does not counts as fallen."""
        for pid in self._pids:
            os.kill(pid, signal.SIGTERM)
        for one in self._sockets:
            one.close()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._pids and time.monotonic() < deadline:
            self._pids.pop(os.waitpid(-1, os.WNOHANG)[0], None)
            time.sleep(0.02)
        for pid in self._pids:
            os.kill(pid, signal.SIGKILL)
            self.fallen += 1
        self._works.clear()

    @staticmethod
    def _fork(work: Callable[[], None]) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            return pid
        die_with_parent(signal.SIGKILL, parent)
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)


def main(doors: int, workers: int) -> None:
    sockets = [socket.create_server(("127.0.0.1", 0), backlog=256) for _ in range(doors)]
    print(json.dumps([one.getsockname()[1] for one in sockets]), flush=True)
    litter = Litter(sockets, workers)
    gc.collect()
    gc.freeze()
    while True:
        litter.fill()
        if not select.select([sys.stdin], [], [], 0.01)[0]:
            continue
        command = sys.stdin.readline().strip()
        if not command:
            break
        {"kill": litter.kill, "end": litter.end}[command]()
        print(json.dumps([litter.killed, litter.fallen]), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
