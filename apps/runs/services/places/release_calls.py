"""Send the calls that wait, as far as there are places."""

from collections import Counter
from datetime import datetime
from uuid import UUID

from django.conf import settings

from agentplatform.calls.contracts import HeldCall
from agentplatform.core.advisory_locks import lock_until_commit
from agentplatform.core.transactions import after_commit, transaction
from apps.gateway import facade as gateway
from apps.runs.services.dispatch import send_released_call
from apps.runs.services.places.turns import BATCH, next_turns
from apps.tools import facade as tools

_OWNERS = {"llm": gateway.held_calls, "tool": tools.held_calls}


def release_calls(*, at: datetime) -> int:
    """Release held calls and send them once that is committed, no more than the caps allow: tenants
    in turns, within one by priority, then by age. Returns how many; BATCH may leave more to do.

    Model and tool calls share the places. The advisory lock lets one count and give at a time.
    Opens a transaction; needs the platform's scope.
    """
    if not _backlog():
        return 0
    with transaction():
        lock_until_commit("places", "calls")
        in_flight: Counter[UUID] = sum((one.in_flight() for one in _OWNERS.values()), Counter())
        limit = settings.PLATFORM.max_calls_in_flight
        turns = next_turns("calls", _backlog(), in_flight, limit=limit)
        released = [
            call for tenant_id, number in turns.items() for call in _release(tenant_id, number)
        ]
        for call in released:
            after_commit(send_released_call, call=call, at=at)
    return len(released)


def _backlog() -> Counter[UUID]:
    found: Counter[UUID] = Counter()
    for owner in _OWNERS.values():
        found.update(owner.backlog(limit=BATCH))
    return found


def _release(tenant_id: UUID, number: int) -> list[HeldCall]:
    found = [
        call
        for owner in _OWNERS.values()
        for call in owner.first(tenant_id=tenant_id, limit=number)
    ]
    first = sorted(found, key=lambda call: (-call.priority, call.created_at, call.call_id))[:number]
    for kind, owner in _OWNERS.items():
        owner.release(call_ids=[call.call_id for call in first if call.kind == kind])
    return first
