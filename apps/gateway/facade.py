"""The door of the gateway for other apps."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from celery import Signature, signature
from django.conf import settings

from agentplatform.calls.cancel import cancel_rows
from agentplatform.calls.contracts import DueCall
from agentplatform.calls.dispatch import due_rows, mark_rows_dispatched, untaken_rows
from agentplatform.calls.places import HeldCalls
from agentplatform.calls.turn import steps_with_open_rows
from agentplatform.settings.model_routes import split_model
from apps.gateway.models import LlmCall
from apps.gateway.selectors import read_outcomes, usage_of_run
from apps.gateway.services.failures import CIRCUIT_OPEN
from apps.gateway.services.hear_deltas import DeltaEar
from apps.gateway.services.holdings import purge_runs
from apps.gateway.services.plan_completions import plan_completions
from apps.gateway.services.prompt_size import message_tokens, messages_room, surely_fits
from apps.gateway.services.routes import Menu
from apps.gateway.services.tenant_models import NOTHING_SET, followed_models
from apps.gateway.services.windows import window_of

__all__ = [
    "DeltaEar",
    "cancel_calls",
    "completion_signature",
    "context_tokens",
    "due_calls",
    "held_calls",
    "is_known_model",
    "mark_dispatched",
    "message_tokens",
    "messages_room",
    "plan_completions",
    "purge_runs",
    "read_outcomes",
    "steps_with_open_calls",
    "surely_fits",
    "untaken_calls",
    "usage_of_run",
    "wait_seconds",
]

held_calls = HeldCalls(LlmCall)
"""Those of its calls that wait for a place."""


def completion_signature(*, call_ids: Collection[UUID]) -> Signature:
    """The Celery signature that completes planned calls of one turn, and ends when the last has."""
    ids = [str(call_id) for call_id in call_ids]
    return signature("gateway.complete", kwargs={"call_ids": ids}, immutable=True)


def wait_seconds(*, failure_code: str) -> float:
    """For how long it makes no sense to repeat a call that failed so."""
    is_shut = failure_code == CIRCUIT_OPEN
    return float(settings.PLATFORM.breaker_open_seconds) if is_shut else 0.0


def mark_dispatched(*, call_ids: Collection[UUID], at: datetime | None) -> None:
    """Remember when the messages of these calls were sent; None: they were not. Commits by
    itself."""
    mark_rows_dispatched(LlmCall, call_ids=call_ids, at=at)


def due_calls(*, at: datetime, limit: int) -> list[DueCall]:
    """Unfinished calls that nobody holds and whose message may be lost, oldest first."""
    return due_rows(LlmCall, at=at, limit=limit)


def untaken_calls(*, step_ids: Collection[UUID]) -> list[DueCall]:
    """Calls of these steps whose sender may have died before it sent them."""
    return untaken_rows(LlmCall, step_ids=step_ids)


def steps_with_open_calls(*, step_ids: Collection[UUID]) -> set[UUID]:
    """Those of the steps that still wait for a model call, in any turn."""
    return steps_with_open_rows(LlmCall, step_ids=step_ids)


def cancel_calls(*, run_id: UUID, at: datetime, step_ids: Collection[UUID] | None = None) -> int:
    """How many calls of the run, or of these steps of it, were cancelled. Joins the caller's
    transaction if there is one.

    A queued call never starts. A running one loses its fence: its answer is paid for, not used.
    """
    return cancel_rows(LlmCall, run_id=run_id, at=at, step_ids=step_ids)


def context_tokens(*, model: str, tenant_id: UUID) -> int | None:
    """The window of what the tenant calls a model, prompt and answer together; None when nobody
    knows."""
    is_route = not split_model(model)[0]
    routes = _menu(tenant_id).routes if is_route else {}
    return window_of(model, settings=settings.PLATFORM, routes=routes)


def is_known_model(model: str, *, tenant_id: UUID | None) -> bool:
    """Whether a call of the tenant may name it; without one, whether any tenant's may."""
    return _menu(tenant_id).has(model)


def _menu(tenant_id: UUID | None) -> Menu:
    models = followed_models.of(tenant_id) if tenant_id else NOTHING_SET
    return models.menu(settings.PLATFORM, key_ids={})
