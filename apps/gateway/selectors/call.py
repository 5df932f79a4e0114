"""Reads of calls and of what they used."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Sum

from agentplatform.calls.contracts import CallOutcome
from agentplatform.calls.turn import outcome_of, read_turn
from agentplatform.core.postgresql.reads import Reads
from apps.gateway.contracts import ModelUsage, RunUsage
from apps.gateway.models import LlmCall, LlmEvent


def read_outcomes(reads: Reads, *, step_id: UUID, turn: int) -> Callable[[int], list[CallOutcome]]:
    """Have `reads` read the calls of one turn. Returns what gives them for an attempt, ordered by
    index."""
    rows = read_turn(reads, LlmCall, step_id=step_id, turn=turn)
    return lambda attempt: [_outcome(row) for row in rows(attempt)]


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
    return outcome_of(
        call,
        tokens=call.prompt_tokens + call.completion_tokens,
        cost_nanos=call.cost_nanos,
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
