"""One attempt to have a provider answer, as a value: what it held, what came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.calls.contracts import CallFailure
from apps.gateway.contracts import Completion, ModelRequest, Usage
from apps.gateway.providers.errors import ProviderError
from apps.gateway.providers.port import Answer
from apps.gateway.rates.decision import UNLIMITED, Decision
from apps.gateway.services.hold import Hold
from apps.gateway.services.price_list import Tariff
from apps.gateway.services.routes import Target
from apps.gateway.states import ATTEMPT_FAILED, ATTEMPT_SUCCESS, ATTEMPT_UNKNOWN
from apps.tenants.contracts import AccountRoom, Admission, Settlement


@dataclass(frozen=True, kw_only=True)
class CallOwner:
    """Whom a call belongs to: a step of a run, which knows whom it works for, or a user or a key
    that made the call itself."""

    call_id: UUID
    tenant_id: UUID
    run_id: UUID | None = None
    step_id: UUID | None = None
    user_id: UUID | None = None
    api_key_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class ClaimedCall:
    """A call that this process works on; `token` is its fence, `request` a CompletionRequest."""

    owner: CallOwner
    token: UUID
    request: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Job:
    """A call, the accounts it is booked on, and what was taken of its rate limits. `at` is when the
    work began."""

    owner: CallOwner
    request: ModelRequest
    accounts: tuple[AccountRoom, ...]
    at: datetime
    taken: Decision = UNLIMITED


@dataclass(frozen=True, kw_only=True)
class Held:
    """An admitted attempt that has not started yet."""

    attempt_id: UUID
    target: Target
    hold: Hold
    price: Tariff | None
    previous_provider: str


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """`charged` is what it used; when `is_confirmed` is False what was held for it or, of a stream
    that was cut (`is_cut`), what had come of it.

    `charged` None: surely nothing. `cost_nanos` None: the price is not known. `first_text_ms` None:
    its text was not streamed, or there was none.
    """

    attempt_id: UUID
    provider: str
    model: str
    status: str
    charged: Usage | None
    cost_nanos: int | None
    is_confirmed: bool
    latency_ms: int
    previous_provider: str
    error_code: str = ""
    detail: str = ""
    is_retryable: bool = False
    first_text_ms: int | None = None
    is_cut: bool = False
    is_own_key: bool = False

    @property
    def is_fallback(self) -> bool:
        return bool(self.previous_provider) and self.previous_provider != self.provider

    def settlement(self) -> Settlement:
        """What to charge the accounts."""
        tokens = self.charged.total_tokens if self.charged else 0
        return Settlement(
            attempt_id=self.attempt_id,
            tokens=tokens if self.is_confirmed or self.is_cut else None,
            cost_nanos=self.cost_nanos if self.charged else 0,
            is_confirmed=self.is_confirmed,
        )


@dataclass(frozen=True)
class Completed:
    """A provider answered, after `attempts` attempts. The last one is not settled yet: that goes
    with the call's last write. `choice` is the answer to a verbatim request, `vectors` are
    that to an EmbeddingRequest."""

    completion: Completion
    attempt: Attempt
    choice: dict[str, Any] | None = None
    attempts: int = 1
    vectors: Sequence[Any] | None = None


@dataclass(frozen=True)
class Failed:
    """Nobody answered. Every attempt is settled. `refused_by` is the account that had no room. For
    `wait_seconds` it makes no sense to ask again, as far as is known."""

    failure: CallFailure
    refused_by: AccountRoom | None = None
    wait_seconds: float = 0.0


def succeeded(
    held: Held, answer: Answer, *, latency_ms: int, first_text_ms: int | None = None
) -> Attempt:
    """The attempt that gave `answer`; without usage it is charged at what was held."""
    charged = answer.completion.usage if answer.has_usage else held.hold.usage
    return _ended(
        held,
        status=ATTEMPT_SUCCESS,
        charged=charged,
        is_confirmed=answer.has_usage,
        latency_ms=latency_ms,
        first_text_ms=first_text_ms,
    )


def failed(
    held: Held,
    error: ProviderError,
    *,
    latency_ms: int,
    said_tokens: int = 0,
    prompt: Usage | None = None,
) -> Attempt:
    """The attempt that raised `error`: charged what the provider reported, nothing where it surely
    charged nothing, and where nobody knows what had come of it (`said_tokens`, at most, for a
    `prompt` if that is known) or, where nothing had, what was held."""
    is_unknown = error.usage is None and not error.is_unbilled
    is_cut = is_unknown and said_tokens > 0
    return _ended(
        held,
        status=ATTEMPT_UNKNOWN if is_unknown else ATTEMPT_FAILED,
        charged=_guess(held, said_tokens, prompt) if is_unknown else error.usage,
        is_confirmed=not is_unknown,
        is_prompt_known=prompt is not None,
        is_cut=is_cut,
        latency_ms=latency_ms,
        error_code=error.code,
        detail=str(error),
        is_retryable=error.is_retryable,
    )


def _guess(held: Held, said_tokens: int, prompt: Usage | None) -> Usage:
    most = held.hold.usage
    if not said_tokens:
        return most
    known = prompt or Usage(prompt_tokens=most.prompt_tokens, completion_tokens=0)
    said_tokens = min(most.completion_tokens, said_tokens)
    return known.model_copy(update={"completion_tokens": said_tokens, "reasoning_tokens": 0})


def _ended(
    held: Held,
    *,
    charged: Usage | None,
    is_confirmed: bool,
    is_prompt_known: bool = False,
    **fields: Any,
) -> Attempt:
    if charged is None:
        cost: int | None = 0
    else:
        cost = _cost(held, charged, is_prompt_known=is_prompt_known or is_confirmed)
    return Attempt(
        attempt_id=held.attempt_id,
        provider=held.target.provider.name,
        model=held.target.model,
        previous_provider=held.previous_provider,
        is_own_key=held.target.is_own_key,
        charged=charged,
        cost_nanos=cost,
        is_confirmed=is_confirmed,
        **fields,
    )


def _parents(owner: CallOwner) -> Iterable[tuple[str, UUID | None]]:
    return (
        ("step_id", owner.step_id),
        ("user_id", owner.user_id),
        ("api_key_id", owner.api_key_id),
    )


def _cost(held: Held, charged: Usage, *, is_prompt_known: bool) -> int | None:
    if charged is held.hold.usage:
        return held.hold.cost_nanos
    if held.price is None:
        return None
    if held.hold.for_hour and not is_prompt_known:  # nobody knows how much of it was written
        return held.price.bound(charged, for_hour=True)
    return held.price.cost(charged)


def admission_of(job: Job, held: Held, *, deadline: datetime) -> Admission:
    """The wish to hold what the attempt may use. The memo is for the attempt's event, should its
    worker die before writing it."""
    usage = held.hold.usage
    return Admission(
        attempt_id=held.attempt_id,
        tenant_id=job.owner.tenant_id,
        call_id=job.owner.call_id,
        run_id=job.owner.run_id,
        lines=held.hold.lines,
        tokens=usage.total_tokens,
        cost_nanos=held.hold.cost_nanos,
        deadline=deadline,
        memo={
            **{name: str(value) for name, value in _parents(job.owner) if value},
            "provider": held.target.provider.name,
            "model": held.target.model,
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "previous_provider": held.previous_provider,
            "is_own_key": held.target.is_own_key,
        },
    )
