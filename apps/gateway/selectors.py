"""Reads of calls and of what they used."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Sum

from agentplatform.core.calls import CallFailure, CallOutcome, DueCall
from apps.gateway.contracts import ModelUsage, RunUsage
from apps.gateway.models import LlmCall, LlmEvent
from apps.gateway.states import CALL, QUEUED, RUNNING, SUCCESS

UNSENT_AFTER = timedelta(seconds=2)
LOST_AFTER = timedelta(seconds=30)


def outcomes(*, step_id: UUID, attempt: int, turn: int) -> list[CallOutcome]:
    """The calls of one turn, ordered by index."""
    calls = LlmCall.objects.filter(step_id=step_id, attempt=attempt, turn=turn)
    return [_outcome(call) for call in calls.order_by("index")]


def steps_with_open_calls(*, step_ids: list[UUID]) -> set[UUID]:
    """Those of the steps that have a call which is not finished, in any turn."""
    calls = LlmCall.objects.filter(step_id__in=step_ids).exclude(status__in=CALL.terminal)
    return set(calls.values_list("step_id", flat=True).distinct())


def due_calls(*, at: datetime, limit: int) -> list[DueCall]:
    """Unfinished calls that nobody holds and whose message may be lost, oldest first."""
    unsent = Q(dispatched_at__isnull=True, created_at__lt=at - UNSENT_AFTER)
    lost = Q(dispatched_at__lt=at - LOST_AFTER)
    waiting = Q(status=QUEUED) & (unsent | lost)
    abandoned = Q(status=RUNNING, lease_expires_at__lte=at)
    due = Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=at)
    rows = LlmCall.objects.filter(waiting | abandoned, due).order_by("created_at")
    return [
        DueCall(call_id=call_id, kind="llm", step_id=step_id, turn=turn)
        for call_id, step_id, turn in rows.values_list("id", "step_id", "turn")[:limit]
    ]


def usage_of_run(*, tenant_id: UUID, run_id: UUID) -> RunUsage:
    """What the model calls of a run have used so far, every provider attempt included."""
    events = LlmEvent.objects.filter(tenant_id=tenant_id, run_id=run_id)
    rows = events.values("provider", "model").order_by("provider", "model")
    models = tuple(_model_usage(row) for row in rows.annotate(**_SUMS))
    return RunUsage(
        calls=LlmCall.objects.filter(tenant_id=tenant_id, run_id=run_id).count(),
        prompt_tokens=sum(one.prompt_tokens for one in models),
        completion_tokens=sum(one.completion_tokens for one in models),
        cached_tokens=sum(one.cached_tokens for one in models),
        reasoning_tokens=sum(one.reasoning_tokens for one in models),
        cost_nanos=_sum_costs([one.cost_nanos for one in models]),
        models=models,
    )


_SUMS: dict[str, Any] = {
    "attempts": Count("id"),
    "prompts": Sum("prompt_tokens"),
    "completions": Sum("completion_tokens"),
    "cached": Sum("cached_tokens"),
    "reasoning": Sum("reasoning_tokens"),
    "cost": Sum("cost_nanos"),
    "unpriced": Count("id", filter=Q(cost_nanos__isnull=True)),
}


def _model_usage(row: Any) -> ModelUsage:
    return ModelUsage(
        provider=row["provider"],
        model=row["model"],
        attempts=row["attempts"],
        prompt_tokens=row["prompts"],
        completion_tokens=row["completions"],
        cached_tokens=row["cached"],
        reasoning_tokens=row["reasoning"],
        cost_nanos=None if row["unpriced"] else row["cost"],
    )


def _sum_costs(costs: list[int | None]) -> int | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def _outcome(call: LlmCall) -> CallOutcome:
    return CallOutcome(
        call_id=call.id,
        kind="llm",
        index=call.index,
        is_finished=call.status in CALL.terminal,
        output=call.response if call.status == SUCCESS else None,
        failure=CallFailure(**call.error) if call.error else None,
        tokens=call.prompt_tokens + call.completion_tokens,
        cost_nanos=call.cost_nanos,
        duration_ms=call.duration_ms,
        summary={
            "provider": call.provider,
            "model": call.model,
            "prompt_tokens": call.prompt_tokens,
            "completion_tokens": call.completion_tokens,
            "cost_nanos": call.cost_nanos,
            "latency_ms": call.duration_ms,
            "fallback": call.is_fallback,
        },
    )
