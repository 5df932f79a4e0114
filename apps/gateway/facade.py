"""The door of the gateway for other apps."""

from uuid import UUID

from celery import Signature, signature

from apps.gateway.selectors import due_calls, outcomes, steps_with_open_calls, usage_of_run
from apps.gateway.services.cancel_calls import cancel_calls
from apps.gateway.services.mark_dispatched import mark_dispatched
from apps.gateway.services.plan_completion import plan_completion
from apps.gateway.services.routes import is_known_model

__all__ = [
    "cancel_calls",
    "completion_signature",
    "due_calls",
    "is_known_model",
    "mark_dispatched",
    "outcomes",
    "plan_completion",
    "steps_with_open_calls",
    "usage_of_run",
]


def completion_signature(*, call_id: UUID) -> Signature:
    """The Celery signature that completes a planned call and returns its id as a string."""
    return signature("gateway.complete", kwargs={"call_id": str(call_id)}, immutable=True)
