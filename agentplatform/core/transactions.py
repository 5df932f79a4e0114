"""Who opens a transaction, who only requires one, and what happens once it is committed.

Transactions are opened on the database alias of the current scope.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from django.db import connections
from django.db import transaction as django_transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from agentplatform.core.tenancy import current_scope


class NoTransaction(RuntimeError):
    """A service that requires its caller's transaction was called outside of one."""


class OpenTransaction(RuntimeError):
    """A transaction is open where the work may wait for a model or a tool."""


def scope_connection() -> BaseDatabaseWrapper:
    """The connection that queries of the current scope use."""
    return connections[current_scope().alias]


def transaction() -> AbstractContextManager[Any]:
    """Open a transaction, or join the one that is open."""
    return django_transaction.atomic(using=current_scope().alias)


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

    A crash in between loses the action, so it may only hint at what the rows already say.
    """
    alias = current_scope().alias
    django_transaction.on_commit(partial(action, **arguments), using=alias, robust=True)
