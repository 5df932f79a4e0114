"""Record how a call ended, once, if its fence still holds."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models.expressions import RawSQL

from agentplatform.calls.contracts import CallFailure
from agentplatform.calls.move import finish_row
from agentplatform.calls.states import FAILED, SUCCESS
from agentplatform.core.json_values import clean_json
from agentplatform.core.transactions import transaction
from apps.gateway.models import LlmCall, LlmEvent
from apps.gateway.services.attempt import Completed, owner_of
from apps.gateway.services.record_attempt import count_attempt, write_attempt

_SUM: Final = "select {} from llm_events where call_id = %s"
_SUMS: Final = {
    "prompt_tokens": _SUM.format("coalesce(sum(prompt_tokens), 0)"),
    "completion_tokens": _SUM.format("coalesce(sum(completion_tokens), 0)"),
    "cost_nanos": _SUM.format(
        "case when count(cost_nanos) = count(*) then coalesce(sum(cost_nanos), 0) end"
    ),
}


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
    """What all attempts of the call used, summed up by the statement that ends it; an unknown cost
    makes the sum unknown."""
    return {name: RawSQL(sql, [call_id]) for name, sql in _SUMS.items()}  # noqa: S611
