"""Settle an attempt and write its event, in one transaction."""

from datetime import datetime

import structlog

from agentplatform.core.money import NANOS_PER_USD
from agentplatform.core.transactions import require_transaction, transaction
from agentplatform.telemetry.metrics import (
    COST_USD,
    LLM_FIRST_TEXT,
    LLM_LATENCY,
    LLM_REQUESTS,
    TOKEN_USAGE,
    tenant_label,
)
from apps.gateway.contracts import Usage
from apps.gateway.models import LlmEvent
from apps.gateway.services.attempt import Attempt, CallOwner
from apps.tenants.facade import settle

log = structlog.get_logger("llm")

_NOTHING = Usage(prompt_tokens=0, completion_tokens=0)


def record_attempt(*, owner: CallOwner, attempt: Attempt, at: datetime) -> None:
    """Settle and write an attempt that failed. Opens a transaction; harmless twice."""
    with transaction():
        write_attempt(owner=owner, attempt=attempt, at=at)
    count_attempt(owner=owner, attempt=attempt)


def write_attempt(*, owner: CallOwner, attempt: Attempt, at: datetime) -> None:
    """Charge the accounts and write the event. Requires a transaction; harmless twice."""
    require_transaction()
    settle(settlements=[attempt.settlement()], at=at)
    charged = attempt.charged or _NOTHING
    event = LlmEvent(
        tenant_id=owner.tenant_id,
        run_id=owner.run_id,
        step_id=owner.step_id,
        call_id=owner.call_id,
        attempt_id=attempt.attempt_id,
        provider=attempt.provider,
        model=attempt.model[:200],
        status=attempt.status,
        error_code=attempt.error_code,
        prompt_tokens=charged.prompt_tokens,
        completion_tokens=charged.completion_tokens,
        cached_tokens=charged.cached_tokens,
        reasoning_tokens=charged.reasoning_tokens,
        cost_nanos=attempt.cost_nanos,
        latency_ms=attempt.latency_ms,
        is_fallback=attempt.is_fallback,
        previous_provider=attempt.previous_provider,
        is_confirmed=attempt.is_confirmed,
        created_at=at,
    )
    LlmEvent.objects.bulk_create([event], ignore_conflicts=True)


def count_attempt(*, owner: CallOwner, attempt: Attempt) -> None:
    """Metrics and a log line; call it once the attempt is committed."""
    provider, model = attempt.provider, attempt.model
    tenant = tenant_label(owner.tenant_id)
    LLM_REQUESTS.labels(provider=provider, model=model, status=attempt.status).inc()
    LLM_LATENCY.labels(provider=provider, model=model).observe(attempt.latency_ms / 1000)
    if attempt.first_text_ms is not None:
        LLM_FIRST_TEXT.labels(provider=provider, model=model).observe(attempt.first_text_ms / 1000)
    if attempt.charged:
        tokens = attempt.charged.total_tokens
        TOKEN_USAGE.labels(tenant_id=tenant, provider=provider, model=model).inc(tokens)
    if attempt.cost_nanos:
        COST_USD.labels(tenant_id=tenant, provider=provider).inc(attempt.cost_nanos / NANOS_PER_USD)
    log.info(
        "llm.attempt_finished",
        tenant_id=str(owner.tenant_id),
        run_id=str(owner.run_id),
        step_id=str(owner.step_id),
        call_id=str(owner.call_id),
        provider=provider,
        model=model,
        status=attempt.status,
        error_code=attempt.error_code,
        tokens=attempt.charged.total_tokens if attempt.charged else 0,
        cost_nanos=attempt.cost_nanos,
        duration_ms=attempt.latency_ms,
        is_fallback=attempt.is_fallback,
    )
