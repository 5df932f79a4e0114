"""Who opens a transaction, who only requires one, and what happens once it is committed.

Transactions are opened on the database alias of the current scope.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial, update_wrapper
from typing import Any

from django.db import connections
from django.db import transaction as django_transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from agentplatform.core.tenancy import current_scope

_waiting: ContextVar[list[partial[None]] | None] = ContextVar("waiting", default=None)
_is_last: ContextVar[bool] = ContextVar("is_last", default=False)


class NoTransaction(RuntimeError):
    """A service that requires its caller's transaction was called outside of one."""


class OpenTransaction(RuntimeError):
    """A transaction is open where the work may wait for a model or a tool."""


def scope_connection() -> BaseDatabaseWrapper:
    """The connection that queries of the current scope use."""
    return connections[current_scope().alias]


@contextmanager
def transaction() -> Iterator[None]:
    """Open a transaction, or join the one that is open.

    What waits for the end of a block (before_commit) is done when a block inside it begins, so that
    the inner one, when it fails, takes nothing of the outer along.
    """
    _do_waiting()
    waiting: list[partial[None]] = []
    held = _waiting.set(waiting)
    is_outermost = not scope_connection().in_atomic_block
    try:
        with django_transaction.atomic(using=current_scope().alias):
            yield
            _do_waiting(ends=is_outermost)
    finally:
        _waiting.reset(held)


def before_commit(action: Callable[..., None], /, **arguments: Any) -> None:
    """Call `action(**arguments)` when the innermost open transaction() ends well, as a part of it;
    once, however often it was asked for. Raises NoTransaction outside of one."""
    waiting = _waiting.get()
    if waiting is None:
        raise NoTransaction("call this inside agentplatform.core.transactions.transaction()")
    asked = partial(action, **arguments)
    if not any(_is_same(asked, one) for one in waiting):
        waiting.append(asked)


def _is_same(one: "partial[None]", other: "partial[None]") -> bool:
    """By identity: two objects of the same row may differ."""
    given = one.keywords
    return (
        one.func is other.func
        and given.keys() == other.keywords.keys()
        and all(given[name] is value for name, value in other.keywords.items())
    )


def _do_waiting(*, ends: bool = False) -> None:
    waiting = _waiting.get()
    while waiting:
        action = waiting.pop(0)
        token = _is_last.set(ends and not waiting)
        try:
            action()
        finally:
            _is_last.reset(token)


def is_last_action() -> bool:
    """Whether the transaction ends after the present action that waited for its end: one that sends
    a single statement may send the COMMIT with it."""
    return _is_last.get()


def begin_with(statement: str) -> None:
    """Send `statement`, SQL of ours, in the round trip of the open transaction's first one, before
    it; now if there was one, or if the scope's connection cannot wait."""
    connection = scope_connection()
    can_wait = getattr(connection, "begin_with", lambda _: False)
    if not can_wait(statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)


def require_transaction() -> None:
    """Raises NoTransaction unless a transaction is open: the caller commits, not the callee."""
    if not scope_connection().in_atomic_block:
        raise NoTransaction("call this inside agentplatform.core.transactions.transaction()")


def refuse_transaction() -> None:
    """Raises OpenTransaction inside a transaction: what follows waits for somebody else."""
    if any(connection.in_atomic_block for connection in connections.all(initialized_only=True)):
        raise OpenTransaction("a transaction must not span a model or tool call")


def after_commit(action: Callable[..., Any], /, **arguments: Any) -> None:
    """Call `action(**arguments)` once the open transaction is committed; never if it rolls back.

    A crash in between loses the action, so it may only hint at what the rows already say. When it
    fails that is logged under its name, and the caller does not notice.
    """
    alias = current_scope().alias
    named = update_wrapper(partial(action, **arguments), action)
    django_transaction.on_commit(named, using=alias, robust=True)
