"""Whose turn it is to be given a place, and who was given one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

from django.db.models import Max

from apps.runs.models import Served
from apps.runs.states import Waiter, give_in_turns
from apps.tenants import facade as tenants

What = Literal["runs", "calls"]
BATCH = 100
"""How many places are given in one transaction."""


def next_turns(
    what: What, backlog: Mapping[UUID, int], in_flight: Mapping[UUID, int], *, limit: int
) -> Counter[UUID]:
    """How many places each tenant is given now, and the note that it was. Tenants that are not
    active get none. `limit` is the platform's, 0 for none; `in_flight` names every tenant that has
    something in flight, or at least those that wait when there is no limit.

    Requires a transaction with the lock of `what`.
    """
    served = dict(Served.objects.filter(tenant_id__in=backlog).values_list("tenant_id", what))
    waiters = [
        Waiter(
            tenant_id=tenant_id,
            wanted=backlog[tenant_id],
            room=_room(getattr(caps, what), in_flight.get(tenant_id, 0)),
            served=served.get(tenant_id, 0),
        )
        for tenant_id, caps in tenants.caps_of_active(backlog).items()
    ]
    free = _room(limit or None, sum(in_flight.values()))
    given = give_in_turns(waiters, places=min(free, BATCH))
    _note(what, given)
    return Counter(given)


def _room(cap: int | None, used: int) -> int:
    return BATCH if cap is None else max(0, cap - used)


def _note(what: What, given: Sequence[UUID]) -> None:
    if not given:
        return
    last = Served.objects.aggregate(last=Max(what))["last"] or 0
    numbers = {tenant_id: last + place for place, tenant_id in enumerate(given, start=1)}
    Served.objects.bulk_create(
        (Served(tenant_id=tenant_id, **{what: number}) for tenant_id, number in numbers.items()),
        update_conflicts=True,
        unique_fields=["tenant"],
        update_fields=[what],
    )
