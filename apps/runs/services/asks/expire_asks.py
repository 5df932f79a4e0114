"""Nobody has answered a question in its time."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.runs.models import Ask
from apps.runs.services.asks.answer_ask import answer_ask
from apps.runs.services.lock_run import lock_run


def expire_asks(*, at: datetime, limit: int) -> int:
    """Answer the questions whose time is up, oldest first; returns how many were found. Opens a
    transaction for each."""
    due = Ask.objects.filter(status="WAITING", wait_until__lte=at).order_by("wait_until")
    found = list(due.values_list("run_id", "id")[:limit])
    for run_id, ask_id in found:
        _expire(run_id, ask_id, at=at)
    return len(found)


def _expire(run_id: UUID, ask_id: UUID, *, at: datetime) -> None:
    with transaction():
        run = lock_run(run_id)
        ask = Ask.objects.filter(id=ask_id, status="WAITING").first()
        if ask is not None:
            decision = "approved" if ask.wish["on_timeout"] == "approve" else "rejected"
            answer = {"decision": decision, "option": None, "comment": "", "by": None}
            answer_ask(run, ask, {**answer, "timed_out": True}, at=at)
