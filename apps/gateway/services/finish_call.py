"""Record how a call ended, once, if its fence still holds."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Sum

from agentplatform.calls.contracts import CallFailure
from agentplatform.calls.move import finish_row
from agentplatform.calls.states import FAILED, SUCCESS
from agentplatform.core.json_values import clean_json
from agentplatform.core.transactions import transaction
from apps.gateway.models import LlmCall, LlmEvent
from apps.gateway.services.attempt import Completed, owner_of
from apps.gateway.services.record_attempt import count_attempt, write_attempt


def finish_call(*, call: LlmCall, completed: Completed, duration_ms: int, at: datetime) -> bool:
    """Settle the answered attempt and record the answer, in one transaction of its own.

    False when the fence is lost: the attempt is paid for all the same, the call is left alone.
    """
    attempt, completion = completed.attempt, completed.completion
    owner = owner_of(call)
    with transaction():
        write_attempt(owner=owner, attempt=attempt, at=at)
        kept = finish_row(
            call,
            to=SUCCESS,
            at=at,
            response=clean_json(completion.model_dump(mode="json")),
            provider=completion.provider,
            model=completion.model[:200],
            is_fallback=attempt.is_fallback,
            duration_ms=duration_ms,
            **_used(call.id),
        )
        if not kept:
            LlmEvent.objects.filter(attempt_id=attempt.attempt_id).update(is_discarded=True)
    count_attempt(owner=owner, attempt=attempt)
    return kept


def fail_call(*, call: LlmCall, failure: CallFailure, duration_ms: int, at: datetime) -> bool:
    """Record that there is no answer. False when the fence is lost."""
    with transaction():
        used = _used(call.id)
        return finish_row(call, to=FAILED, at=at, failure=failure, duration_ms=duration_ms, **used)


def _used(call_id: UUID) -> dict[str, Any]:
    """What all attempts of the call used; an unknown cost makes the sum unknown."""
    sums = LlmEvent.objects.filter(call_id=call_id).aggregate(
        prompt=Sum("prompt_tokens", default=0),
        completion=Sum("completion_tokens", default=0),
        cost=Sum("cost_nanos", default=0),
        unpriced=Count("id", filter=Q(cost_nanos__isnull=True)),
    )
    return {
        "prompt_tokens": sums["prompt"],
        "completion_tokens": sums["completion"],
        "cost_nanos": None if sums["unpriced"] else sums["cost"],
    }
