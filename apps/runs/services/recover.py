"""Re-send what is due and nobody holds. Rows decide, so two recoverers at once are harmless."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db.models import Exists, F, OuterRef, Q

from agentplatform.calls.contracts import DueCall
from agentplatform.core.processes import is_gone
from agentplatform.core.queue_lengths import count_messages
from agentplatform.core.transactions import transaction
from apps.gateway import facade as gateway
from apps.runs.models import Run, Step
from apps.runs.models.step import LIVE
from apps.runs.services.asks.end_child_asks import parents_to_tell
from apps.runs.services.asks.expire_asks import expire_asks
from apps.runs.services.cancel_children import cancel_runs, orphans
from apps.runs.services.cancel_run import expire_run
from apps.runs.services.dispatch import (
    PlannedCall,
    QueuedStep,
    mark_calls,
    send_advance,
    send_calls,
    send_finish,
    send_resume,
    send_steps,
)
from apps.runs.services.end_wait import end_wait
from apps.runs.services.expire_step import expire_step
from apps.runs.services.leave_run import leaving_foreign
from apps.runs.services.lock_run import lock_run
from apps.runs.services.places.give_places import give_places
from apps.runs.services.transition import move_step
from apps.runs.states import RUN
from apps.tools import facade as tools

log = structlog.get_logger("runs")

BATCH = 100
UNSENT = timedelta(seconds=2)
"""How long a message may take from the commit to its sending."""
UNCLAIMED = timedelta(seconds=30)
"""How long a sent message may wait in its queue before it counts as lost."""
IDLE = timedelta(seconds=5)
"""How long a run may rest with nothing live before it is looked at."""
BACKLOG = 2 * BATCH
"""With more messages than this in their queues, what seems lost is late: sending it again and again
would fill the queues faster than they are worked off."""


def recover(*, at: datetime) -> dict[str, int]:
    """One round of recovery; returns how many of each kind were sent, zeros left out.

    Opens short transactions of its own, with SKIP LOCKED.
    """
    sent = {
        "overdue_runs": _expire_runs(at),
        "places": give_places(at=at),
        "overdue_steps": _expire_steps(at),
        "waits": _end_waits(at),
        "asks": expire_asks(at=at, limit=BATCH),
        "orphans": _cancel_orphans(at),
        "retries": _requeue_retries(at),
        **_send_again(at),
    }
    found = {kind: count for kind, count in sent.items() if count}
    if found:
        log.info("runs.recovered", **found)
    return found


def _cancel_orphans(at: datetime) -> int:
    """One that waits for a place is found here once it has got it."""
    return cancel_runs(list(orphans().filter(waits_for_place=False)[:BATCH]), at=at)


def _send_again(at: datetime) -> dict[str, int]:
    """What was sent before or should have been, and seems lost."""
    sent = {}
    if count_messages(["steps"]) <= BACKLOG:
        sent = {
            "parents": _advance_parents(at),
            "steps": _send_steps(at),
            "turns": _send_turns(at),
            "runs": _advance_runs(at),
            "finished_runs": _finish_runs(at),
        }
    if count_messages(["llm", "tools"]) <= BACKLOG:
        sent["calls"] = _send_calls(at)
    return sent


def _expire_runs(at: datetime) -> int:
    overdue = Run.objects.filter(deadline_at__lte=at).values_list("id", flat=True)
    at_work = overdue.filter(
        status__in=("PENDING", "RUNNING"), finalized_at=None, waits_for_place=False
    )
    waiting = overdue.filter(waits_for_place=True)
    found = [*at_work[:BATCH], *waiting.order_by("deadline_at")[:BATCH]]
    return sum(expire_run(run_id=run_id, at=at) for run_id in found)


def _expire_steps(at: datetime) -> int:
    overdue = Step.objects.filter(status__in=LIVE, deadline_at__lte=at).order_by("deadline_at")
    found = list(overdue.values_list("run_id", "id")[:BATCH])
    for run_id, step_id in found:
        with leaving_foreign(run_id=run_id):
            send_steps(steps=expire_step(run_id=run_id, step_id=step_id, at=at), at=at)
    return len(found)


def _end_waits(at: datetime) -> int:
    """Steps whose time has come: they waited for it, or for somebody who did not answer."""
    due = Step.objects.filter(status="WAITING", wait_until__lte=at).order_by("wait_until")
    found = list(due.values_list("run_id", "id")[:BATCH])
    for run_id, step_id in found:
        with leaving_foreign(run_id=run_id):
            send_steps(steps=end_wait(run_id=run_id, step_id=step_id, at=at), at=at)
    return len(found)


def _advance_parents(at: datetime) -> int:
    """Runs of which a step waits for a child run that is over: the message of its end was lost."""
    over = Run.objects.filter(
        parent_run_id=OuterRef("run_id"),
        parent_step_id=OuterRef("id"),
        status__in=RUN.terminal,
        completed_at__lte=at - UNSENT,
    )
    waiting = Step.objects.filter(
        Exists(over),
        status="WAITING",
        waits_for=Step.WaitsFor.RUN,
        run__status="RUNNING",
        run__advanced_at__lte=at - UNSENT,
    )
    parents = set(waiting.order_by().values_list("run_id", flat=True)[:BATCH])
    parents |= parents_to_tell(at=at, unsent=UNSENT, limit=BATCH)
    for run_id in parents:
        send_advance(run_id=run_id)
    return len(parents)


def _requeue_retries(at: datetime) -> int:
    due = list(
        Step.objects.filter(status="RETRYING", next_attempt_at__lte=at).order_by("changed_at")[
            :BATCH
        ]
    )
    queued = []
    for step in due:
        with transaction():
            if move_step(lock_run(step.run_id), step, "QUEUED", at=at, dispatched_at=None):
                queued.append(QueuedStep(step_id=step.id, turn=step.turn))
    send_steps(steps=queued, at=at)
    return len(queued)


def _send_steps(at: datetime) -> int:
    """Queued steps whose message was never sent or seems lost, and steps whose worker died."""
    unsent = Q(status="QUEUED", dispatched_at=None, changed_at__lte=at - UNSENT)
    unclaimed = Q(status="QUEUED", dispatched_at__lte=at - UNCLAIMED)
    lost = Q(lease_expires_at__lte=at) | Q(lease_owner__in=_gone_owners())
    unsent_since = Q(dispatched_at=None) | Q(dispatched_at__lte=at - UNCLAIMED)
    orphaned = Q(status="RUNNING") & lost & unsent_since
    with transaction():
        due = list(
            Step.objects.select_for_update(skip_locked=True)
            .filter(unsent | unclaimed | orphaned)
            .order_by("changed_at")[:BATCH]
        )
        Step.objects.filter(id__in=[step.id for step in due]).update(dispatched_at=at)
    send_steps(steps=[QueuedStep(step_id=step.id, turn=step.turn) for step in due], at=at)
    return len(due)


def _gone_owners() -> list[str]:
    """Of the processes that hold a step, those of this machine that are gone: their leases need not
    run out first."""
    owners = Step.objects.filter(status="RUNNING").order_by().values_list("lease_owner", flat=True)
    return [owner for owner in owners.distinct() if is_gone(owner)]


def _send_turns(at: datetime) -> int:
    """Waiting steps whose calls are all finished; and the calls of those whose worker is gone and
    may have died before it sent them."""
    with transaction():
        waiting = list(
            Step.objects.select_for_update(skip_locked=True)
            .filter(status="WAITING", waits_for=Step.WaitsFor.CALLS)
            .filter(changed_at__lte=at - UNSENT)
            .filter(Q(dispatched_at=None) | Q(dispatched_at__lte=at - IDLE))
            .order_by(F("dispatched_at").asc(nulls_first=True))[:BATCH]
        )
        Step.objects.filter(id__in=[step.id for step in waiting]).update(dispatched_at=at)
    ids = [step.id for step in waiting]
    still = gateway.steps_with_open_calls(step_ids=ids) | tools.steps_with_open_calls(step_ids=ids)
    gone = {owner for owner in {step.lease_owner for step in waiting} if is_gone(owner)}
    left = [step.id for step in waiting if step.id in still and step.lease_owner in gone]
    _send_due((*gateway.untaken_calls(step_ids=left), *tools.untaken_calls(step_ids=left)), at)
    answered = [step for step in waiting if step.id not in still]
    for step in answered:
        send_resume(step_id=step.id, turn=step.turn)
    return len(answered)


def _send_calls(at: datetime) -> int:
    due = (*gateway.due_calls(at=at, limit=BATCH), *tools.due_calls(at=at, limit=BATCH))
    _send_due(due, at)
    return len(due)


def _send_due(due: Iterable[DueCall], at: datetime) -> None:
    turns: dict[tuple[UUID, int], list[PlannedCall]] = {}
    for call in due:
        planned = PlannedCall(kind=call.kind, call_id=call.call_id)
        turns.setdefault((call.step_id, call.turn), []).append(planned)
    for (step_id, turn), calls in turns.items():
        send_calls(step_id=step_id, turn=turn, calls=calls)
        mark_calls(calls, at=at)


def _advance_runs(at: datetime) -> int:
    """Runs in flight with nothing live: their last message was lost."""
    live = Step.objects.filter(status__in=("QUEUED", "RUNNING", "WAITING", "RETRYING"))
    with transaction():
        resting = list(
            Run.objects.select_for_update(skip_locked=True)
            .filter(status__in=("PENDING", "RUNNING"), finalized_at=None, waits_for_place=False)
            .filter(advanced_at__lte=at - IDLE)
            .exclude(id__in=live.values("run_id"))
            .order_by("advanced_at")
            .values_list("id", flat=True)[:BATCH]
        )
        Run.objects.filter(id__in=resting).update(advanced_at=at)
    for run_id in resting:
        send_advance(run_id=run_id)
    return len(resting)


def _finish_runs(at: datetime) -> int:
    with transaction():
        over = list(
            Run.objects.select_for_update(skip_locked=True)
            .filter(status__in=RUN.terminal, finalized_at=None, waits_for_place=False)
            .filter(advanced_at__lte=at - IDLE)
            .order_by("advanced_at")
            .values_list("id", flat=True)[:BATCH]
        )
        Run.objects.filter(id__in=over).update(advanced_at=at)
    for run_id in over:
        send_finish(run_id=run_id)
    return len(over)
