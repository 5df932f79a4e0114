"""An ask is answered; the step goes on when it was the last."""

from datetime import datetime
from typing import Any

from agentplatform.core.json_values import clean_json
from agentplatform.core.transactions import after_commit
from apps.runs.models import Ask, Run, Step
from apps.runs.services.dispatch import send_resume
from apps.runs.services.transition import record_event, set_step
from apps.runs.states import ASK


def end_ask(run: Run, step: Step, ask: Ask, answer: dict[str, Any], *, at: datetime) -> None:
    """Answer a WAITING ask of a step of a locked run. Requires a transaction."""
    ASK.check(ask.status, "ANSWERED")
    ask.status, ask.answer, ask.ended_at = "ANSWERED", clean_json(answer), at
    ask.save(update_fields=["status", "answer", "ended_at"])
    data = {"ask": str(ask.id), "kind": ask.kind, "turn": ask.turn, **_shown(ask)}
    record_event(run, "ask.answered", at=at, step=step, data=data)


def go_on_when_all_are_over(run: Run, step: Step, *, at: datetime) -> None:
    """Let a step of a locked run that waits for asks wait for its calls alone, if no ask is open.

    The step is resumed after the commit, and by recovery if that message is lost. Requires a
    transaction.
    """
    is_waiting = step.status == "WAITING" and step.waits_for == Step.WaitsFor.ASKS
    if not is_waiting or Ask.objects.filter(step_id=step.id, status="WAITING").exists():
        return
    set_step(run, step, waits_for=Step.WaitsFor.CALLS, changed_at=at, dispatched_at=None)
    after_commit(send_resume, step_id=step.id, turn=step.turn)


def _shown(ask: Ask) -> dict[str, Any]:
    """The answer; what a child run came to is shown by that run."""
    answer: dict[str, Any] = ask.answer or {}
    if ask.kind == Ask.Kind.APPROVAL:
        return answer
    child = {"run_id": str(ask.child_run_id) if ask.child_run_id else None}
    return {**child, **{name: value for name, value in answer.items() if name != "output"}}
