"""Charge the attempts whose worker died, and write their events."""

from datetime import datetime
from uuid import UUID

import structlog

from agentplatform.core.transactions import transaction
from apps.gateway.models import LlmEvent
from apps.gateway.services.count_attempt import count_charge
from apps.gateway.services.sum_up_calls import sum_up_calls
from apps.gateway.states import ATTEMPT_UNKNOWN
from apps.tenants.contracts import ExpiredReservation
from apps.tenants.facade import expire_reservations as expire

log = structlog.get_logger("llm")

BATCH = 200
_PARENTS = ("step_id", "user_id", "api_key_id")


def expire_reservations(*, at: datetime) -> int:
    """How many overdue reservations were charged as unconfirmed. Opens a transaction per batch."""
    total = 0
    while True:
        with transaction():
            expired = expire(at=at, limit=BATCH)
            written = [_event(one, at) for one in expired]
            LlmEvent.objects.bulk_create(written, ignore_conflicts=True)
            sum_up_calls(call_ids=[one.call_id for one in written if one.call_id is not None])
        for one in written:
            _count(one)
        total += len(expired)
        if len(expired) < BATCH:
            break
    if total:
        log.warning("llm.reservations_expired", count=total)
    return total


def _count(event: LlmEvent) -> None:
    count_charge(
        tenant_id=event.tenant_id,
        provider=event.provider,
        model=event.model,
        status=event.status,
        tokens=event.prompt_tokens + event.completion_tokens,
        cost_nanos=event.cost_nanos,
    )


def _event(expired: ExpiredReservation, at: datetime) -> LlmEvent:
    memo = expired.memo
    return LlmEvent(
        tenant_id=expired.tenant_id,
        run_id=expired.run_id,
        **{name: UUID(memo[name]) for name in _PARENTS if memo.get(name)},
        call_id=expired.call_id,
        attempt_id=expired.attempt_id,
        provider=memo.get("provider", ""),
        model=memo.get("model", "")[:200],
        status=ATTEMPT_UNKNOWN,
        error_code="worker_lost",
        prompt_tokens=memo.get("prompt_tokens", expired.tokens),
        completion_tokens=memo.get("completion_tokens", 0),
        cost_nanos=expired.cost_nanos,
        previous_provider=memo.get("previous_provider", ""),
        is_fallback=memo.get("previous_provider", "") not in {"", memo.get("provider", "")},
        is_confirmed=False,
        is_own_key=memo.get("is_own_key", False),
        created_at=at,
    )
