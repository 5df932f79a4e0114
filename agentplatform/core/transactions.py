"""Who opens a transaction, who only requires one, and what happens once it is committed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from django.db import transaction as django_transaction


class NoTransaction(RuntimeError):
    """A service that requires its caller's transaction was called outside of one."""


def transaction() -> AbstractContextManager[Any]:
    """Open a transaction, or join the one that is open."""
    return django_transaction.atomic()


def require_transaction() -> None:
    """Raises NoTransaction unless a transaction is open: the caller commits, not the callee."""
    if not django_transaction.get_connection().in_atomic_block:
        raise NoTransaction("call this inside agentplatform.core.transactions.transaction()")


def after_commit(action: Callable[..., Any], /, **arguments: Any) -> None:
    """Call `action(**arguments)` once the open transaction is committed; never if it rolls back.

    A crash in between loses the action, so it may only hint at what the rows already say.
    """
    django_transaction.on_commit(partial(action, **arguments), robust=True)
