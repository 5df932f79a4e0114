"""Metrics and a log line for an attempt."""

from uuid import UUID

import structlog

from agentplatform.core.money import NANOS_PER_USD
from agentplatform.telemetry.metrics import (
    COST_USD,
    LLM_FIRST_TEXT,
    LLM_LATENCY,
    LLM_REQUESTS,
    TOKEN_USAGE,
    tenant_label,
)
from apps.gateway.services.attempt import Attempt, CallOwner

log = structlog.get_logger("llm")


def count_attempt(*, owner: CallOwner, attempt: Attempt) -> None:
    """Call it once the attempt is committed."""
    provider, model = attempt.provider, attempt.model
    count_charge(
        tenant_id=owner.tenant_id,
        provider=provider,
        model=model,
        status=attempt.status,
        tokens=attempt.charged.total_tokens if attempt.charged else 0,
        cost_nanos=attempt.cost_nanos,
    )
    LLM_LATENCY.labels(provider=provider, model=model).observe(attempt.latency_ms / 1000)
    if attempt.first_text_ms is not None:
        LLM_FIRST_TEXT.labels(provider=provider, model=model).observe(attempt.first_text_ms / 1000)
    log.info(
        "llm.attempt_finished",
        **{name: str(value) for name, value in vars(owner).items() if value is not None},
        provider=provider,
        model=model,
        status=attempt.status,
        error_code=attempt.error_code,
        tokens=attempt.charged.total_tokens if attempt.charged else 0,
        cost_nanos=attempt.cost_nanos,
        duration_ms=attempt.latency_ms,
        is_fallback=attempt.is_fallback,
    )


def count_charge(
    *,
    tenant_id: UUID,
    provider: str,
    model: str,
    status: str,
    tokens: int,
    cost_nanos: int | None,
) -> None:
    """That an attempt is over and what it was charged, in the metrics alone."""
    tenant = tenant_label(tenant_id)
    LLM_REQUESTS.labels(provider=provider, model=model, status=status).inc()
    if tokens:
        TOKEN_USAGE.labels(tenant_id=tenant, provider=provider, model=model).inc(tokens)
    if cost_nanos:
        COST_USD.labels(tenant_id=tenant, provider=provider).inc(cost_nanos / NANOS_PER_USD)
