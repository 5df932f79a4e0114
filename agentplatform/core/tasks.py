"""The one way to declare a Celery task."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from uuid import UUID

import structlog
from celery import Task, shared_task

from agentplatform.core.actor import Actor, acting
from agentplatform.core.connections import drop_broken_connections
from agentplatform.core.kill_points import reach
from agentplatform.core.tenancy import RowGone, no_scope, platform_scope, row_scope

log = structlog.get_logger("celery")

EVERY_TENANT = "every tenant"
NO_TENANT = "no tenant"
"""The task sees no row by itself: what it calls finds out whose rows it is about."""


class UnfitArguments(TypeError):
    """A message whose arguments its task cannot take, however often it is delivered."""


class PlatformTask(Task[Any, Any]):
    """A task takes ids by keyword, and ignores keywords that a newer release sends along.
    Arguments that cannot be what it takes raise UnfitArguments.

    It runs in the scope of the tenant whose row its first id names in the table `of`: the row says
    whose it is, never the message. A row that is gone leaves nothing to do. Results nobody reads
    are not stored; a message is acknowledged after the work, and redelivered when the worker is
    lost, so every task must be harmless when it runs twice.
    """

    abstract = True
    ignore_result = True
    throws = (UnfitArguments,)  # logged without a traceback, and written down as a dead letter
    acks_late = True
    reject_on_worker_lost = True
    of: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._call_in_scope(args, kwargs)
        finally:
            drop_broken_connections()  # Celery keeps a connection for a thousand tasks

    def _call_in_scope(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        accepted = self.accept(args, kwargs)
        with structlog.contextvars.bound_contextvars(
            task=self.name, **{k: v for k, v in accepted.items() if k.endswith("_id")}
        ):
            me = Actor(kind="system", name=self.name)
            try:
                with no_scope(), acting(me), self._scope(accepted):
                    reach("before_task", self.name)
                    result = self.run(**accepted)
                    reach("before_ack", self.name)
                    return result
            except RowGone:
                log.info("task.row_gone", table=self.of)
                return None

    def accept(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The keywords that the task takes. Raises UnfitArguments."""
        if args:
            raise UnfitArguments(f"{self.name} takes keywords only")
        known = inspect.signature(self.run).parameters
        accepted = {name: value for name, value in kwargs.items() if name in known}
        for name, parameter in known.items():
            if name in accepted:
                _check_value(name, accepted[name], wanted=parameter.annotation)
            elif parameter.default is parameter.empty:
                raise UnfitArguments(f"{self.name} needs {name}")
        return accepted

    def _scope(self, arguments: dict[str, Any]) -> AbstractContextManager[None]:
        if self.of == NO_TENANT:
            return nullcontext()
        if self.of == EVERY_TENANT:
            return platform_scope()
        return row_scope(self.of, UUID(next(iter(arguments.values()))))


def platform_task(*, name: str, of: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Register a function of keyword-only ids as the Celery task `name` ("app.verb_noun").

    `of` is the table of its first id, whose tenant the task works for, or EVERY_TENANT or
    NO_TENANT.
    """

    def register(function: Callable[..., Any]) -> Any:
        _check(name, of, list(inspect.signature(function).parameters))
        return shared_task(name=name, base=PlatformTask, of=of, **options)(function)  # type: ignore[no-untyped-call]

    return register


class UnscopedTask(TypeError):
    """A task that does not say, or would believe a message about, whose rows it works on."""


def _check(name: str, of: str, parameters: list[str]) -> None:
    if any("tenant" in parameter for parameter in parameters):
        raise UnscopedTask(f"{name} takes a tenant from its message: take the id of a row")
    if of not in (EVERY_TENANT, NO_TENANT) and not (parameters and parameters[0].endswith("_id")):
        raise UnscopedTask(f"the first argument of {name} must be the id of a row of {of}")


def _check_value(name: str, value: Any, *, wanted: Any) -> None:
    if wanted is int and type(value) is not int:
        raise UnfitArguments(f"{name} must be a number")
    if name.endswith("_id") and not _is_id(value):
        raise UnfitArguments(f"{name} must be an id")
    is_list = isinstance(value, list) and bool(value)
    if name.endswith("_ids") and not (is_list and all(map(_is_id, value))):
        raise UnfitArguments(f"{name} must be a list of ids")


def _is_id(value: Any) -> bool:
    try:
        UUID(value)
    except (AttributeError, TypeError, ValueError):
        return False
    return True
