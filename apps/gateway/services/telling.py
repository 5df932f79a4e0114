"""Whom a call's text is told to while it comes."""

from collections.abc import Callable
from typing import Protocol

from apps.gateway.providers.port import OnText


class Teller(Protocol):
    """Belongs to one call and to its event loop. Nothing but `close` waits; nothing fails: what
    cannot be told is lost, the call goes on."""

    @property
    def on_text(self) -> OnText | None:
        """Takes each piece of the text; None when nobody wants it, and the call is not streamed."""

    def void(self) -> None:
        """The attempt has failed: what was told so far is no part of the answer."""

    async def close(self) -> None:
        """No more will come. What is left is told now, within a moment or not at all."""


class FirstText:
    """Passes text on, and remembers when the first of it came."""

    def __init__(self, on_text: OnText, monotonic: Callable[[], float]) -> None:
        self._on_text = on_text
        self._monotonic = monotonic
        self.came_at: float | None = None

    def __call__(self, piece: str) -> None:
        if self.came_at is None:
            self.came_at = self._monotonic()
        self._on_text(piece)


class NoTeller:
    """Of a call that is not streamed."""

    on_text = None

    def void(self) -> None:
        """Nothing was told."""

    async def close(self) -> None:
        """Nothing is left."""
