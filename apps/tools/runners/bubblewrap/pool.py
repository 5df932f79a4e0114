"""Cells that were started ahead of the calls that will use them, each once.

They are a process's own, and die with it. Nothing is started before the first call of a kind.
"""

import atexit
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from apps.tools.runners.bubblewrap.cell import Cell, Kind
from apps.tools.runners.sandbox import SandboxUnavailable

OLDEST_SECONDS = 600.0
MOST_KINDS = 4
_IDLE_SECONDS = 60.0
_PAUSE_SECONDS = 30.0
_POLITE_SECONDS = 0.03
"""To start a cell takes the processor from the call that has just taken one. While others of the
kind wait, it is put off for so long."""

log = structlog.get_logger("tools")


@dataclass
class _Shelf:
    """The waiting cells of one kind, oldest first, each with when it was started; and when one was
    asked for last."""

    start: Callable[[], Cell]
    asked_at: float = 0.0
    cells: deque[tuple[float, Cell]] = field(default_factory=deque)


class WarmPool:
    """Keeps `size` cells of each kind, of MOST_KINDS kinds at most. Another kind takes the place of
    one that nobody has asked for in `idle_seconds`. Safe to use from any thread."""

    def __init__(
        self,
        size: int,
        *,
        oldest_seconds: float = OLDEST_SECONDS,
        idle_seconds: float = _IDLE_SECONDS,
        polite_seconds: float = _POLITE_SECONDS,
    ) -> None:
        self._size = size
        self._oldest_seconds = oldest_seconds
        self._idle_seconds = idle_seconds
        self._polite_seconds = polite_seconds
        self._shelves: OrderedDict[Kind, _Shelf] = OrderedDict()
        self._changed = threading.Condition()
        self._is_open = True
        self._filler: threading.Thread | None = None
        self._paused_until = 0.0
        self._is_resting = True

    def take(self, kind: Kind, start: Callable[[], Cell]) -> Cell | None:
        """A waiting cell, for the caller alone, who closes it; None when there is none. Either way
        `start` will be used to have one for a later call, if the kind has a place."""
        with self._changed:
            shelf = self._shelf_of(kind, start)
            if shelf is None:
                return None
            taken, dead = self._pick(shelf)
            self._is_resting = False
            self._changed.notify()
            if self._filler is None:
                self._filler = threading.Thread(target=self._fill, name="warm-pool", daemon=True)
                self._filler.start()
        for cell in dead:
            _close(cell)
        return taken

    def close(self) -> None:
        """Kill all that wait, and start no more."""
        with self._changed:
            self._is_open = False
            self._changed.notify()
        if self._filler is not None:
            self._filler.join()

    @property
    def waiting(self) -> int:
        """How many cells wait."""
        with self._changed:
            return sum(len(shelf.cells) for shelf in self._shelves.values())

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to start or to throw away."""
        with self._changed:
            return self._is_resting

    def has(self, kind: Kind) -> bool:
        """Whether a cell of this kind waits."""
        with self._changed:
            shelf = self._shelves.get(kind)
            return bool(shelf and shelf.cells)

    def _shelf_of(self, kind: Kind, start: Callable[[], Cell]) -> _Shelf | None:
        now = time.monotonic()
        if kind not in self._shelves and len(self._shelves) >= MOST_KINDS:
            oldest = next(iter(self._shelves.values()))
            if now - oldest.asked_at < self._idle_seconds:
                return None
        if not self._is_open:
            return None
        shelf = self._shelves.setdefault(kind, _Shelf(start))
        self._shelves.move_to_end(kind)
        shelf.asked_at = now
        return shelf

    def _pick(self, shelf: _Shelf) -> tuple[Cell | None, list[Cell]]:
        dead: list[Cell] = []
        while shelf.cells:
            _, cell = shelf.cells.popleft()
            if cell.is_alive():
                return cell, dead
            dead.append(cell)
        return None, dead

    def _fill(self) -> None:
        """Start cells as they are wanted, always from this one thread: a jail dies with the thread
        that has started it."""
        while True:
            with self._changed:
                old = self._retire()
                wanted = self._wanted()
                if not self._is_open:
                    break
                if wanted is None and not old:
                    self._is_resting = not self._lacking() or self._is_paused()
                    self._changed.wait(self._rest_seconds())
                    self._is_resting = False
            for cell in old:
                _close(cell)
            if wanted is not None:
                self._put(*wanted)
        for cell in old:
            _close(cell)

    def _wanted(self) -> tuple[Kind, Callable[[], Cell]] | None:
        """What the emptiest shelf lacks, the one asked for last before others."""
        if self._is_paused():
            return None
        now = time.monotonic()
        lacking = [one for one in self._lacking() if self._is_due(one[1], now)]
        if not lacking:
            return None
        kind, shelf = min(lacking, key=lambda one: len(one[1].cells))
        return kind, shelf.start

    def _lacking(self) -> list[tuple[Kind, _Shelf]]:
        found = reversed(self._shelves.items())
        return [(kind, shelf) for kind, shelf in found if len(shelf.cells) < self._size]

    def _is_due(self, shelf: _Shelf, now: float) -> bool:
        return not shelf.cells or now - shelf.asked_at >= self._polite_seconds

    def _is_paused(self) -> bool:
        return time.monotonic() < self._paused_until

    def _put(self, kind: Kind, start: Callable[[], Cell]) -> None:
        try:
            cell = start()
        except Exception as error:  # the thread must go on: what it has started dies with it
            is_told = isinstance(error, SandboxUnavailable)
            log.warning(
                "sandbox.pool_paused",
                error=str(error),
                seconds=_PAUSE_SECONDS,
                exc_info=not is_told,
            )
            self._paused_until = time.monotonic() + _PAUSE_SECONDS
            return
        with self._changed:
            shelf = self._shelves.get(kind)
            is_wanted = self._is_open and shelf is not None
            if shelf is not None and is_wanted:
                shelf.cells.append((time.monotonic(), cell))
        if not is_wanted:
            _close(cell)

    def _retire(self) -> list[Cell]:
        """Cells that nobody shall get any more: too old, of a kind too many, or all at the end."""
        born_before = time.monotonic() - self._oldest_seconds
        retired = []
        while len(self._shelves) > MOST_KINDS:
            _, shelf = self._shelves.popitem(last=False)
            retired += [cell for _, cell in shelf.cells]
        for shelf in self._shelves.values():
            while shelf.cells and (shelf.cells[0][0] < born_before or not self._is_open):
                retired.append(shelf.cells.popleft()[1])
        return retired

    def _rest_seconds(self) -> float:
        now = time.monotonic()
        if self._paused_until > now:
            return self._paused_until - now
        if self._lacking():
            return self._polite_seconds
        births = [shelf.cells[0][0] for shelf in self._shelves.values() if shelf.cells]
        return max(0.01, min(births, default=now) + self._oldest_seconds - now)


def _close(cell: Cell) -> None:
    try:
        with cell:
            pass
    except Exception:
        log.exception("sandbox.cell_stayed")


_pools: dict[int, WarmPool] = {}
_lock = threading.Lock()


def warm_pool(size: int) -> WarmPool:
    """This process's pool of that size."""
    with _lock:
        if size not in _pools:
            _pools[size] = WarmPool(size)
        return _pools[size]


def close_pools() -> None:
    """Kill every waiting cell of this process."""
    with _lock:
        pools = list(_pools.values())
        _pools.clear()
    for pool in pools:
        pool.close()


def _forget() -> None:
    """In a forked child: the cells are the parent's, and its threads are not here."""
    global _lock
    _lock = threading.Lock()
    _inherited.extend(_pools.values())  # never finalised here: that would reach the parent's
    _pools.clear()


_inherited: list[WarmPool] = []
os.register_at_fork(after_in_child=_forget)
atexit.register(close_pools)
