"""A person answers what a turn of an agent or a crew asks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.core.errors import Conflict, InvalidInput
from apps.runs.models import Ask, Run
from apps.runs.services.asks.end_ask import end_ask, go_on_when_all_are_over
from apps.runs.services.lock_run import locked_step


def open_question(run: Run, name: str, ask_id: UUID | None) -> Ask:
    """The open question `ask_id` of the step `name` of a locked run, of any item if it is a map;
    without an id the only one. Raises Conflict when there is none or it was answered, InvalidInput
    for an id that the step has not asked, or when several are open and none is named."""
    questions = Ask.objects.filter(run_id=run.id, step__name=name, kind=Ask.Kind.APPROVAL)
    if ask_id is not None:
        return _named(questions.filter(id=ask_id).first(), name)
    waiting = list(questions.filter(status="WAITING")[:2])
    if not waiting:
        raise Conflict(f"The step `{name}` asks nobody now.")
    if len(waiting) > 1:
        why = "The step asks several questions: give the id of one, of its `asks`."
        raise InvalidInput("Say which question is answered.", errors={"ask": [why]})
    return waiting[0]


def answer_ask(run: Run, ask: Ask, answer: dict[str, Any], *, at: datetime) -> None:
    """End an open question of a locked run. Requires a transaction."""
    step = locked_step(run, ask.step_id)
    end_ask(run, step, ask, answer, at=at)
    go_on_when_all_are_over(run, step, at=at)


def _named(ask: Ask | None, name: str) -> Ask:
    if ask is None:
        why = f"The step `{name}` has no such question; its `asks` name those that are open."
        raise InvalidInput("There is no such question.", errors={"ask": [why]})
    if ask.status != "WAITING":
        came = (ask.answer or {}).get("decision", "taken back")
        raise Conflict(f"The question is over: it was {came}.")
    return ask
