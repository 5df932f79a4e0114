"""Hold what attempts are said to have used against what the ledger charged for them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.gateway.models import LlmCall, LlmEvent
from apps.gateway.services.sum_up_calls import sum_up_calls
from apps.tenants.contracts import Charge
from apps.tenants.facade import charges_of, correct_charge, every_charge

BATCH = 2000


@dataclass(frozen=True, kw_only=True)
class WrongAttempt:
    """An attempt whose event and ledger entries say different things; None: there is none."""

    attempt_id: UUID
    event: tuple[int, int | None] | None
    charge: tuple[int, int | None] | None


def find_wrong_attempts(*, tenant_id: UUID | None) -> Iterator[WrongAttempt]:
    """Of a tenant (None: of all): attempts that used something and are not charged for it, that are
    charged other amounts, or charged though nothing is known of them. Attempts that were purged
    with their runs are in the ledger alone, and right."""
    yield from _by_event(tenant_id)
    for charges in every_charge(tenant_id=tenant_id):
        yield from _without_event(charges)


def _by_event(tenant_id: UUID | None) -> Iterator[WrongAttempt]:
    events = LlmEvent.objects.order_by("id")
    if tenant_id is not None:
        events = events.filter(tenant_id=tenant_id)
    after = 0
    while batch := list(events.filter(id__gt=after)[:BATCH]):
        after = batch[-1].id
        charges = charges_of([event.attempt_id for event in batch])
        for event in batch:
            said = (event.prompt_tokens + event.completion_tokens, event.cost_nanos)
            charge = charges.get(event.attempt_id)
            charged = None if charge is None else (charge.tokens, charge.cost_nanos)
            if charged != (None if said == (0, 0) else said):
                yield WrongAttempt(attempt_id=event.attempt_id, event=said, charge=charged)


def _without_event(charges: Sequence[Charge]) -> Iterator[WrongAttempt]:
    attempts = [charge.attempt_id for charge in charges]
    told = set(
        LlmEvent.objects.filter(attempt_id__in=attempts).values_list("attempt_id", flat=True)
    )
    missing = [charge for charge in charges if charge.attempt_id not in told and charge.call_id]
    kept = set(
        LlmCall.objects.filter(id__in=[charge.call_id for charge in missing]).values_list(
            "id", flat=True
        )
    )
    for charge in missing:
        if charge.call_id in kept:
            yield WrongAttempt(
                attempt_id=charge.attempt_id,
                event=None,
                charge=(charge.tokens, charge.cost_nanos),
            )


def correct_attempt(*, attempt_id: UUID, tokens: int, cost_nanos: int | None, at: datetime) -> bool:
    """Charge an unconfirmed attempt what the provider says that it used, as correct_charge does,
    and let its event and its call's sums say so too. False when that was done before. Opens a
    transaction."""
    with transaction():
        is_new = correct_charge(attempt_id=attempt_id, tokens=tokens, cost_nanos=cost_nanos, at=at)
        event = LlmEvent.objects.filter(attempt_id=attempt_id).first() if is_new else None
        if event is not None:
            event.prompt_tokens = min(event.prompt_tokens, tokens)
            event.completion_tokens = tokens - event.prompt_tokens
            event.cost_nanos = cost_nanos
            event.is_confirmed = True
            event.save(
                update_fields=["prompt_tokens", "completion_tokens", "cost_nanos", "is_confirmed"]
            )
            if event.call_id is not None:
                sum_up_calls(call_ids=[event.call_id])
    return is_new
