"""What the headers of an answer tell of its call."""

from decimal import Decimal
from uuid import UUID

from agentplatform.core.money import NANOS_PER_USD, format_usd
from apps.gateway.doors.exchange import Headers, encode_headers
from apps.gateway.rates.headers import rate_headers
from apps.gateway.services.attempt import Completed, Job
from apps.tenants.contracts import AccountRoom, Unit


def id_headers(call_id: UUID) -> Headers:
    """Of every answer to a call, errors too; OpenAI's clients read the first name, Anthropic's the
    second."""
    raw = str(call_id).encode()
    names = (b"x-request-id", b"request-id", b"x-agentplatform-call-id")
    return [(name, raw) for name in names]


def call_headers(job: Job) -> Headers:
    """Of an answer to a call that was let in: its id, and what its rate limits leave."""
    return [*id_headers(job.owner.call_id), *rate_headers(job.taken)]


def target_headers(*, provider: str, model: str, attempts: int, is_fallback: bool) -> Headers:
    """Who answers."""
    return encode_headers(
        {
            "x-agentplatform-provider": provider,
            "x-agentplatform-model": model,
            "x-agentplatform-attempts": str(attempts),
            "x-agentplatform-fallback": "true" if is_fallback else "false",
        }
    )


def answer_headers(job: Job, completed: Completed, *, seconds: float) -> Headers:
    """Of a whole answer that took `seconds`: who answered, what it cost, what is left."""
    attempt = completed.attempt
    overhead = max(0.0, seconds * 1000 - attempt.latency_ms)
    told = {"x-agentplatform-overhead-ms": f"{overhead:.1f}"}
    if attempt.cost_nanos is not None:
        told["x-agentplatform-cost-usd"] = format_usd(attempt.cost_nanos) or ""
    used = attempt.charged.total_tokens if attempt.charged else 0
    return [
        *target_headers(
            provider=attempt.provider,
            model=attempt.model,
            attempts=completed.attempts,
            is_fallback=attempt.is_fallback,
        ),
        *encode_headers(told),
        *budget_headers(job, tokens=used, nanos=attempt.cost_nanos or 0),
    ]


def budget_headers(job: Job, *, tokens: int = 0, nanos: int = 0) -> Headers:
    """What the tightest limit leaves once this much is used; nothing where there is no limit."""
    told = {}
    if (left := _least(job.accounts, "tokens")) is not None:
        told["x-agentplatform-remaining-tokens"] = str(max(0, left - tokens))
    if (left := _least(job.accounts, "nanos")) is not None:
        usd = Decimal(max(0, left - nanos)) / NANOS_PER_USD
        told["x-agentplatform-remaining-usd"] = f"{usd:.9f}"
    return encode_headers(told)


def _least(accounts: tuple[AccountRoom, ...], unit: Unit) -> int | None:
    rooms = [one.room for one in accounts if one.unit == unit and one.room is not None]
    return min(rooms, default=None)
