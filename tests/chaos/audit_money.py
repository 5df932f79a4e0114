"""The provider's bills, the ledger, the attempts and the accounts, held against each other."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from apps.gateway.models import LlmCall, LlmEvent
from apps.tenants.models import Account, LedgerEntry, Reservation
from tests.provider import Provider

ATTEMPT = "x-client-request-id"


def money_problems(provider: Provider, *, deaths: int | None, given_back: int) -> Iterator[str]:
    """Each bill has one ledger entry of the same attempt, with the same tokens or marked
    unconfirmed, and each confirmed entry has its bill; nothing is held any more; an account's
    amount is the sum of its entries. An attempt stays unconfirmed only where its call lost a
    worker, or gave it back (`given_back` of them), and no more than `deaths` do.
    """
    bills = provider.billed()
    entries = {str(entry.attempt_id): entry for entry in LedgerEntry.objects.all()}
    if len(entries) != LedgerEntry.objects.count():
        yield "an attempt has two ledger entries"
    yield from _bills(bills, entries)
    yield from _attempts(entries)
    yield from _unconfirmed(entries, deaths, given_back)
    yield from _accounts(entries)
    if held := Reservation.objects.count():
        yield f"{held} reservations are held"


def _bills(bills: list[dict[str, Any]], entries: dict[str, LedgerEntry]) -> Iterator[str]:
    billed = Counter(bill["headers"].get(ATTEMPT) for bill in bills)
    for attempt, times in billed.items():
        if times > 1:
            yield f"attempt {attempt} was billed {times} times"
    for bill in bills:
        entry = entries.get(bill["headers"].get(ATTEMPT))
        tokens = bill["prompt_tokens"] + bill["completion_tokens"]
        if entry is None:
            yield f"the bill of {bill['headers']} is in no ledger"
        elif entry.is_confirmed and entry.tokens != tokens:
            yield f"attempt {entry.attempt_id}: billed {tokens}, booked {entry.tokens}"
        elif entry.tokens < tokens:
            yield f"attempt {entry.attempt_id}: billed {tokens}, held only {entry.tokens}"
    for attempt, entry in entries.items():
        if entry.is_confirmed and attempt not in billed:
            yield f"attempt {attempt} is booked and was never billed"


def _attempts(entries: dict[str, LedgerEntry]) -> Iterator[str]:
    told = dict.fromkeys(entries)
    for event in LlmEvent.objects.all():
        entry = entries.get(str(event.attempt_id))
        if entry is None:
            if event.prompt_tokens or event.completion_tokens:
                yield f"attempt {event.attempt_id} used tokens that are in no ledger"
            continue
        told.pop(str(event.attempt_id))
        if entry.is_confirmed != event.is_confirmed:
            yield f"attempt {event.attempt_id} is confirmed in one place only"
    for attempt in told:
        yield f"attempt {attempt} is in the ledger and has no event"
    used = LlmEvent.objects.filter(status="success", is_discarded=False)
    kept = Counter(used.values_list("call_id", flat=True))
    for call_id in LlmCall.objects.filter(status="SUCCESS").values_list("id", flat=True):
        if kept.pop(call_id, 0) != 1:
            yield f"call {call_id} does not have exactly one answer that was used"


def _unconfirmed(
    entries: dict[str, LedgerEntry], deaths: int | None, given_back: int
) -> Iterator[str]:
    unknown = Counter(entry.call_id for entry in entries.values() if not entry.is_confirmed)
    unexplained = 0
    for call in LlmCall.objects.filter(id__in=unknown):
        lost = call.executions - (call.status == "SUCCESS")
        unexplained += max(0, unknown[call.id] - lost)
    if unexplained > given_back:
        yield f"{unexplained} attempts are unconfirmed though their call lost no worker"
    if deaths is not None and unknown.total() > deaths:
        yield f"{unknown.total()} attempts are unconfirmed after {deaths} deaths"


def _accounts(entries: dict[str, LedgerEntry]) -> Iterator[str]:
    sums: Counter[int] = Counter()
    for entry in entries.values():
        for account_id in entry.account_ids:
            sums[account_id] += entry.tokens
    for account in Account.objects.filter(unit="tokens"):
        if account.reserved:
            yield f"account {account.id} still holds {account.reserved}"
        if account.posted != sums[account.id]:
            yield f"account {account.id} says {account.posted}, its entries {sums[account.id]}"
