"""An answer that is sent while it comes, in whatever form a client reads."""

import asyncio
from abc import ABC, abstractmethod
from typing import Any

from apps.gateway.contracts import Usage
from apps.gateway.doors.refusals import Refusal
from apps.gateway.services.routes import Target
from apps.gateway.services.telling import said_in


class StreamTeller(ABC):
    """A Teller of one call. What it is told waits until `take` fetches it; the parts before the
    first that says something are kept back, so that another provider may still answer."""

    on_text = None

    def __init__(self) -> None:
        self.is_told = False
        self.is_left = False
        self.is_asking = False
        self.target: Target | None = None
        self.attempts = 0
        self.is_fallback = False
        self._kept: list[dict[str, Any]] = []
        self._ready: list[bytes] = []
        self._all: list[bytes] | None = None
        self._end: bytes | None = None
        self._is_ready = asyncio.Event()
        self._is_over = False

    @abstractmethod
    def render(self, choice: dict[str, Any]) -> bytes:
        """The events that tell this part of the answer."""

    @abstractmethod
    def render_end(self, usage: Usage) -> bytes:
        """The last events of an answer that is whole."""

    @abstractmethod
    def render_failure(self, refusal: Refusal) -> bytes:
        """The last event of an answer that breaks off, which clients raise."""

    def keep_all(self) -> None:
        """Remember what is told, for `whole`."""
        self._all = []

    def begin(self, target: Target) -> None:
        before, self.target = self.target, target
        if before is not None and before.provider.name != target.provider.name:
            self.is_fallback = True
        self.attempts += 1
        self.is_asking = True

    def on_choice(self, choice: dict[str, Any]) -> None:
        """Take a part of the answer."""
        if not self.is_told:
            if not said_in(choice.get("delta") or {}):
                self._kept.append(choice)
                return
            self._tell_kept()
        self._tell(self.render(choice))
        self._is_ready.set()

    def void(self) -> None:
        self._kept.clear()
        self.is_asking = False

    async def close(self) -> None:  # noqa: B027  a Teller has it
        """Nothing is left that `take` or `finish` would not give."""

    def wake(self) -> None:
        """All is over: `take` waits no longer."""
        self._is_over = True
        self._is_ready.set()

    async def take(self) -> bytes:
        """The events that have come since the last time, as soon as there are some; nothing at the
        end."""
        if not self._is_over:
            await self._is_ready.wait()
        taken, self._ready = b"".join(self._ready), []
        self._is_ready.clear()
        return taken

    def finish(self, usage: Usage) -> bytes:
        """What is left of an answer that is whole."""
        end = self._end_with(usage)
        left, self._ready = b"".join(self._ready), []
        return left + end

    def whole(self, usage: Usage) -> bytes:
        """All events of an answer that is whole, if they were to be kept."""
        end = self._end_with(usage)
        return b"".join(self._all or ()) + end

    def _end_with(self, usage: Usage) -> bytes:
        if not self.is_told:
            self._tell_kept()
        if self._end is None:
            self._end = self.render_end(usage)
        return self._end

    def _tell_kept(self) -> None:
        self.is_told = True
        for choice in self._kept:
            self._tell(self.render(choice))
        self._kept.clear()

    def _tell(self, events: bytes) -> None:
        self._ready.append(events)
        if self._all is not None:
            self._all.append(events)
