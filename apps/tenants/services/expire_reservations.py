"""Charge the reservations that nobody settled in time."""

from collections.abc import Sequence
from datetime import datetime

from agentplatform.core.transactions import require_transaction
from apps.tenants.contracts import ExpiredReservation, Settlement
from apps.tenants.models import Account, Reservation
from apps.tenants.services.book import settle


def expire_reservations(*, at: datetime, limit: int) -> Sequence[ExpiredReservation]:
    """Turn up to `limit` overdue reservations into unconfirmed ledger entries; return them.

    Requires a transaction. Two at once take turns.
    """
    require_transaction()
    candidates = list(Reservation.objects.filter(deadline__lt=at).order_by("deadline")[:limit])
    # Accounts are locked first, as `book` does; what is still there then can only be ours.
    account_ids = {account_id for one in candidates for account_id in one.account_ids}
    list(Account.objects.filter(id__in=account_ids).order_by("id").select_for_update())
    overdue = list(
        Reservation.objects.filter(attempt_id__in=[one.attempt_id for one in candidates])
    )
    if not overdue:
        return ()
    settle(
        settlements=[
            Settlement(attempt_id=one.attempt_id, tokens=None, cost_nanos=None, is_confirmed=False)
            for one in overdue
        ],
        at=at,
    )
    return tuple(
        ExpiredReservation(
            attempt_id=one.attempt_id,
            tenant_id=one.tenant_id,
            call_id=one.call_id,
            run_id=one.run_id,
            tokens=one.tokens,
            cost_nanos=one.cost_nanos,
            memo=one.memo,
        )
        for one in overdue
    )
