"""Whom a call's answer is told to while it comes."""

from collections.abc import Callable
from typing import Any, Protocol

from apps.gateway.contracts import Usage
from apps.gateway.providers.estimate import bound_tokens
from apps.gateway.providers.port import OnChoice, OnText
from apps.gateway.services.routes import Target


class Teller(Protocol):
    """Belongs to one call and to its event loop. Nothing but `close` waits; nothing fails: what
    cannot be told is lost, the call goes on."""

    @property
    def on_text(self) -> OnText | None:
        """Takes each piece of the text; None when nobody wants it."""

    @property
    def on_choice(self) -> OnChoice | None:
        """Takes each part of the answer, as a choice; None when nobody wants it. Where nobody wants
        either, the call is not streamed."""

    @property
    def is_told(self) -> bool:
        """Whether something was told that cannot be taken back: then nobody else may answer."""

    @property
    def is_left(self) -> bool:
        """Whether nobody waits for the answer any more: then nobody need be asked."""

    def begin(self, target: Target) -> None:
        """An attempt begins there."""

    def void(self) -> None:
        """The attempt has failed: what was told so far is no part of the answer."""

    async def close(self) -> None:
        """No more will come. What is left is told now, within a moment or not at all."""


class Hearing:
    """Passes what one attempt says on to a teller, and remembers when the first of it came, how
    much of it there was, and what its prompt had used if the provider said so."""

    def __init__(self, teller: Teller, monotonic: Callable[[], float]) -> None:
        self._pass_text, self._pass_choice = teller.on_text, teller.on_choice
        self.on_text = self._hear_text if self._pass_text else None
        self.on_choice = self._hear_choice if self._pass_choice else None
        self._monotonic = monotonic
        self._said: list[str] = []
        self.came_at: float | None = None
        self.prompt: Usage | None = None

    def said_tokens(self) -> int:
        """At most so many tokens of choices have come."""
        return bound_tokens("".join(self._said)) if self._said else 0

    def _hear_text(self, piece: str) -> None:
        if self.came_at is None:
            self.came_at = self._monotonic()
        assert self._pass_text is not None
        self._pass_text(piece)

    def _hear_choice(self, choice: dict[str, Any]) -> None:
        self.prompt = self.prompt or usage_in(choice)
        if said := said_in(choice.get("delta") or {}):
            self._said.append(said)
            if self.came_at is None:
                self.came_at = self._monotonic()
        assert self._pass_choice is not None
        self._pass_choice(choice)


def said_in(delta: dict[str, Any]) -> str:
    """What a delta adds to an answer: text, or a part of tool calls."""
    if text := delta.get("content") or delta.get("refusal"):
        return str(text)
    calls = delta.get("tool_calls")
    if not calls:
        return ""
    functions = [call.get("function") or {} for call in calls]
    return "".join(f"{one.get('name') or ''}{one.get('arguments') or ''}" for one in functions)


def usage_in(choice: dict[str, Any]) -> Usage | None:
    """What the prompt had used when this part of an answer came, if it says so. A server may have
    something of its own there."""
    usage = choice.get("usage")
    return usage if isinstance(usage, Usage) else None


class NoTeller:
    """Of a call that is not streamed."""

    on_text = None
    on_choice = None
    is_told = False
    is_left = False

    def begin(self, target: Target) -> None:
        """Nobody asks."""

    def void(self) -> None:
        """Nothing was told."""

    async def close(self) -> None:
        """Nothing is left."""
