"""Metrics and a log line for an attempt."""

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
