"""Replace what an attempt was charged for want of better knowledge by what it used."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F

from agentplatform.core.advisory_locks import lock_until_commit
from agentplatform.core.errors import Conflict, InvalidInput, NotFound
from agentplatform.core.transactions import transaction
from apps.tenants.models import Account, LedgerEntry
from apps.tenants.services.record_change import record_change


def correct_charge(*, attempt_id: UUID, tokens: int, cost_nanos: int | None, at: datetime) -> bool:
    """Add a ledger entry that brings an unconfirmed charge to these amounts, and post the
    difference. False when it was corrected to them before. Opens a transaction; needs the
    platform's scope.

    Raises NotFound for an attempt without an entry, Conflict for one whose charge is confirmed or
    was corrected to other amounts, and InvalidInput for amounts that cannot be: `cost_nanos` is
    given exactly when the price of the attempt is known.
    """
    if tokens < 0 or (cost_nanos or 0) < 0:
        raise InvalidInput("An attempt uses nothing or more.")
    with transaction():
        lock_until_commit("ledger", attempt_id)
        entries = list(LedgerEntry.objects.filter(attempt_id=attempt_id).order_by("id"))
        if not entries:
            raise NotFound(f"The ledger has no entry of the attempt {attempt_id}.")
        charged = _sum(entries)
        if len(entries) > 1 and charged == (tokens, cost_nanos):
            return False
        _check(entries, charged, cost_nanos)
        difference = tokens - charged[0], _minus(cost_nanos, charged[1])
        _post(entries[0], *difference)
        _write(entries[0], *difference, at=at)
        record_change(
            tenant_id=entries[0].tenant_id,
            action="charge.corrected",
            target=("charge", attempt_id),
            at=at,
            before={"tokens": charged[0], "cost_nanos": charged[1]},
            after={"tokens": tokens, "cost_nanos": cost_nanos},
        )
    return True


def _check(
    entries: Sequence[LedgerEntry], charged: tuple[int, int | None], cost_nanos: int | None
) -> None:
    attempt_id = entries[0].attempt_id
    if len(entries) > 1:
        raise Conflict(f"The attempt {attempt_id} was corrected to {charged[0]} tokens already.")
    if entries[0].is_confirmed:
        raise Conflict(f"What the attempt {attempt_id} used is known; there is nothing to correct.")
    if charged[1] is None and cost_nanos is not None:
        raise InvalidInput(
            f"The price of the attempt {attempt_id} is not known; give its tokens alone."
        )
    if charged[1] is not None and cost_nanos is None:
        raise InvalidInput(f"Give the cost of the attempt {attempt_id} too, in nano-dollars.")


def _sum(entries: Sequence[LedgerEntry]) -> tuple[int, int | None]:
    costs = [entry.cost_nanos for entry in entries]
    known = [cost for cost in costs if cost is not None]
    return (
        sum(entry.tokens for entry in entries),
        sum(known) if len(known) == len(costs) else None,
    )


def _minus(amount: int | None, charged: int | None) -> int | None:
    return None if amount is None or charged is None else amount - charged


def _post(entry: LedgerEntry, tokens: int, cost_nanos: int | None) -> None:
    accounts = Account.objects.filter(id__in=entry.account_ids)
    list(accounts.select_for_update().order_by("id").values_list("id"))  # in the order of `book`
    accounts.filter(unit=Account.Unit.TOKENS).update(posted=F("posted") + tokens)
    accounts.filter(unit=Account.Unit.NANOS).update(posted=F("posted") + (cost_nanos or 0))


def _write(entry: LedgerEntry, tokens: int, cost_nanos: int | None, *, at: datetime) -> None:
    LedgerEntry.objects.create(
        attempt_id=entry.attempt_id,
        tenant_id=entry.tenant_id,
        call_id=entry.call_id,
        run_id=entry.run_id,
        kind=LedgerEntry.Kind.CORRECTION,
        account_ids=entry.account_ids,
        tokens=tokens,
        cost_nanos=cost_nanos,
        reserved_tokens=0,
        is_confirmed=True,
        created_at=at,
    )
