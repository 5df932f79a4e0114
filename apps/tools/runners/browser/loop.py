"""The thread in which a process talks to its browsers: Playwright is bound to one event loop."""

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import TimeoutError
from contextlib import suppress
from typing import Any, TypeVar

Result = TypeVar("Result")

_EXIT_SECONDS = 5.0


class LoopThread:
    """An event loop in a thread of its own, started by its first use in each process. `at_exit` is
    done in it before the process ends."""

    def __init__(self, *, at_exit: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._at_exit = at_exit
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do `work` in the loop, in the caller's context, and wait for its result."""
        return asyncio.run_coroutine_threadsafe(work, self._running()).result()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._pid != os.getpid():
                self._loop, self._pid = asyncio.new_event_loop(), os.getpid()
                thread = threading.Thread(
                    target=self._loop.run_forever, name="browser-loop", daemon=True
                )
                thread.start()
                atexit.register(self._end, self._loop, self._pid, thread)
            return self._loop

    def _end(self, loop: asyncio.AbstractEventLoop, pid: int, thread: threading.Thread) -> None:
        if pid != os.getpid():
            return
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._at_exit(), loop).result(_EXIT_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_EXIT_SECONDS)
