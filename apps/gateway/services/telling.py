"""Whom a call's text is told to while it comes."""

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


class NoTeller:
    """Of a call that is not streamed."""

    on_text = None

    def void(self) -> None:
        """Nothing was told."""

    async def close(self) -> None:
        """Nothing is left."""
