"""Follows the secret: reads the settings again every SECRET_REFRESH_SECONDS in a thread."""

import threading
from collections.abc import Callable
from time import monotonic

import structlog

from agentplatform.settings.environment import Environment

OnChange = Callable[[Environment, Environment], None]
KEPT = ("secret_key", "encryption_keys")

log = structlog.get_logger("settings")


class Follower:
    """Holds the settings of now. The first to ask for them in a process starts its thread."""

    def __init__(self, environment: Environment) -> None:
        self._first = self._current = environment
        self._callbacks: list[OnChange] = []
        self._read_at = monotonic()
        self._is_failing = False
        self.forget_thread()

    def forget_thread(self) -> None:
        """After a fork: the child has the values, but no thread, and no lock it can trust."""
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None

    @property
    def current(self) -> Environment:
        """The settings as last read; never waits for a read."""
        if self._thread is None:
            self.start()
        return self._current

    def start(self) -> None:
        """Start this process's thread unless it runs."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._follow, name="settings", daemon=True)
                self._thread.start()

    def on_change(self, callback: OnChange) -> None:
        """Call `callback(before, after)` at each change; at once if there was one already."""
        with self._lock:
            self._callbacks.append(callback)
            if self._current is not self._first:
                _call(callback, self._first, self._current)

    def refresh(self) -> None:
        """Read the settings again. What cannot be read or used leaves the last ones in force."""
        try:
            found = type(self._current)()
            _require_kept(self._current, found)
        except Exception as error:
            if not self._is_failing:
                log.error("settings.refresh_failed", error=str(error))
            self._is_failing = True
            return
        finally:
            self._read_at = monotonic()
        if self._is_failing:
            log.info("settings.refresh_recovered")
            self._is_failing = False
        if found != self._current:
            self._replace(found)

    def _replace(self, found: Environment) -> None:
        with self._lock:
            before, self._current = self._current, found
            log.info("settings.changed", names=_changed_names(before, found))
            for callback in self._callbacks:
                _call(callback, before, found)

    def _follow(self) -> None:
        pause = threading.Event()
        while True:
            due_at = self._read_at + self._current.secret_refresh_seconds
            pause.wait(max(0.0, due_at - monotonic()))
            self.refresh()


def _require_kept(before: Environment, found: Environment) -> None:
    """A key that vanishes would lock everybody out: more likely a mistake than a wish."""
    for name in KEPT:
        if getattr(before, name) and not getattr(found, name):
            raise ValueError(f"{name.upper()} is gone; the last value stays in use")


def _changed_names(before: Environment, found: Environment) -> list[str]:
    fields = type(found).model_fields
    return [name.upper() for name in fields if getattr(before, name) != getattr(found, name)]


def _call(callback: OnChange, before: Environment, after: Environment) -> None:
    try:
        callback(before, after)
    except Exception:
        log.exception("settings.callback_failed", callback=callback.__qualname__)
