"""Who acts: bound once where a request, a command or a task begins, read by the audit."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

ActorKind = Literal["user", "api_key", "staff", "command", "system"]


@dataclass(frozen=True, kw_only=True)
class Actor:
    """`id` and `name` say which one of its kind; `address` is where the request came from."""

    kind: ActorKind
    id: str = ""
    name: str = ""
    address: str = ""


class NoActor(RuntimeError):
    """A change that must be audited was made where nobody said who makes it: a bug."""


_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


def current_actor() -> Actor:
    """Who acts now. Raises NoActor."""
    actor = _actor.get()
    if actor is None:
        raise NoActor("bind the actor before a change that is audited")
    return actor


@contextmanager
def acting(actor: Actor | None) -> Iterator[None]:
    """`actor` acts inside the block; None: nobody known yet."""
    held = _actor.get()
    _actor.set(actor)
    try:
        yield
    finally:
        _actor.set(held)


def become(actor: Actor) -> None:
    """From now to the end of the surrounding acting() this is who acts."""
    _actor.set(actor)
