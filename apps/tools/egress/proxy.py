"""One event loop per worker process for the connections of all its calls."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvloop

from apps.tools.egress.door import Door

_RESOLVERS = 32
_SECONDS = 10.0


class Proxy:
    """Any thread may open doors and close them; they are served by the loop's own thread."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._loop.set_default_executor(
            ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="egress-names")
        )
        thread = threading.Thread(target=self._loop.run_forever, name="egress", daemon=True)
        thread.start()

    def open(self, connections: int, fill: Callable[[Door], Coroutine[Any, Any, None]]) -> Door:
        """A door that `fill` has given its listeners, on the loop."""

        async def opened() -> Door:
            door = Door(connections)
            await fill(door)
            return door

        return asyncio.run_coroutine_threadsafe(opened(), self._loop).result(_SECONDS)

    def close(self, door: Door) -> None:
        """Close the door; afterwards every request of it has been recorded."""
        asyncio.run_coroutine_threadsafe(door.close(), self._loop).result(_SECONDS)


_proxy: Proxy | None = None
_lock = threading.Lock()


def proxy() -> Proxy:
    """This process's proxy, started on first use."""
    global _proxy
    with _lock:
        if _proxy is None:
            _proxy = Proxy()
        return _proxy


def _forget() -> None:
    """A fork has no thread of its parent's loop: it starts its own."""
    global _proxy, _lock
    _proxy, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
