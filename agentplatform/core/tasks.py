"""The one way to declare a Celery task."""

import inspect
from collections.abc import Callable
from typing import Any

import structlog
from celery import Task, shared_task

log = structlog.get_logger("celery")


class PlatformTask(Task[Any, Any]):
    """A task takes ids by keyword, and ignores keywords that a newer release sends along.

    Results nobody reads are not stored; a message is acknowledged after the work, and redelivered
    when the worker is lost, so every task must be harmless when it runs twice.
    """

    abstract = True
    ignore_result = True
    acks_late = True
    reject_on_worker_lost = True

    def __call__(self, **kwargs: Any) -> Any:
        known = inspect.signature(self.run).parameters
        accepted = {name: value for name, value in kwargs.items() if name in known}
        with structlog.contextvars.bound_contextvars(
            task=self.name, **{k: v for k, v in accepted.items() if k.endswith("_id")}
        ):
            return self.run(**accepted)


def platform_task(*, name: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Register a function of keyword-only ids as the Celery task `name` ("app.verb_noun")."""
    return shared_task(name=name, base=PlatformTask, **options)
