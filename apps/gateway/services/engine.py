"""One event loop per process for all model calls."""

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import uvloop

from apps.gateway.services.claims import Claimed
from apps.gateway.services.desk import Desk


class Engine:
    """Runs calls on an event loop of its own; any thread may hand some in and wait for them."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="llm", daemon=True)
        self._thread.start()
        self._desk = Desk()

    def complete(self, call_ids: Sequence[UUID], *, clock: Callable[[], datetime]) -> Claimed:
        """As Desk.complete says; blocks the calling thread and nothing else."""
        work = self._desk.complete(call_ids, clock=clock)
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def abandon(self) -> None:
        """Stop waiting for the answers of the moment. What a provider may bill is booked."""
        self._loop.call_soon_threadsafe(self._desk.abandon)

    def close(self) -> None:
        """Give up every connection and stop the loop."""
        asyncio.run_coroutine_threadsafe(self._desk.close(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()


_engine: Engine | None = None
_lock = threading.Lock()


def engine() -> Engine:
    """This process's engine, started on first use."""
    global _engine
    with _lock:
        if _engine is None:
            _engine = Engine()
        return _engine


def reset_engine() -> None:
    """Close this process's engine; the next use starts another, from the settings of then."""
    global _engine
    with _lock:
        held, _engine = _engine, None
    if held is not None:
        held.close()


def abandon_calls() -> None:
    """Abandon the calls of this process's engine, if it has one."""
    with _lock:
        held = _engine
    if held is not None:
        held.abandon()


def _forget_engine() -> None:
    """A fork has the parent's connections but not its loop's thread: it starts its own."""
    global _engine, _lock
    _engine, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_engine)
