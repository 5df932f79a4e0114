"""Ask what a turn wants of people and of other runs."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from agentplatform.core.errors import PlatformError
from agentplatform.core.json_values import clean_json
from apps.runs.agents.wishes import ApprovalWish, AskWish, RunWish, TaskCall
from apps.runs.contracts import OtherRelease
from apps.runs.models import Ask, Run, Step
from apps.runs.services.asks.end_ask import end_ask, go_on_when_all_are_over
from apps.runs.services.start_child import failure_of, start_child
from apps.runs.services.transition import record_event, set_step


def begin_asks(run: Run, step: Step, wishes: Mapping[int, AskWish], *, at: datetime) -> None:
    """Ask, by index, what the turn of a WAITING step of a locked run wants; what an earlier attempt
    has asked is left as it stands. The step waits until all of it is over.

    Raises OtherRelease. Requires a transaction.
    """
    set_step(run, step, has_asked=True, waits_for=Step.WaitsFor.ASKS)
    asked = Ask.objects.filter(step_id=step.id, turn=step.turn)
    known = set(asked.values_list("index", flat=True))
    for index, wish in wishes.items():
        if index in known:
            continue
        if isinstance(wish, ApprovalWish):
            _ask_person(run, step, index, wish, at=at)
        else:
            _ask_run(run, step, index, wish, at=at)
    go_on_when_all_are_over(run, step, at=at)


def _ask_person(run: Run, step: Step, index: int, wish: ApprovalWish, *, at: datetime) -> None:
    limit = wish.timeout_seconds
    ask = _new(run, step, index, wish, at=at)
    ask.wait_until = None if limit is None else at + timedelta(seconds=limit)
    ask.save(force_insert=True)
    shown = {name: ask.wish[name] for name in ("question", "options", "details")}
    until = ask.wait_until.isoformat() if ask.wait_until else None
    _record(run, step, ask, at=at, **shown, until=until)


def _ask_run(run: Run, step: Step, index: int, wish: RunWish, *, at: datetime) -> None:
    """A child run that cannot start is an answer: the graph is told why."""
    ask = _new(run, step, index, wish, at=at)
    try:
        ask.child_run = start_child(
            run,
            step,
            task=wish.task,
            given=wish.input,
            token_budget=wish.token_budget,
            at=at,
            version_id=wish.version_id if isinstance(wish, TaskCall) else None,
        )
    except OtherRelease:
        raise
    except PlatformError as error:
        ask.save(force_insert=True)
        failure = failure_of(error)
        answer = {"ok": False, "error": f"{failure['code']}: {failure['detail']}"}
        end_ask(run, step, ask, answer, at=at)
        return
    ask.save(force_insert=True)
    _record(run, step, ask, at=at, task=wish.task, run_id=str(ask.child_run_id))


def _new(run: Run, step: Step, index: int, wish: AskWish, *, at: datetime) -> Ask:
    return Ask(
        tenant_id=run.tenant_id,
        run_id=run.id,
        step_id=step.id,
        turn=step.turn,
        index=index,
        kind=wish.kind,
        wish=clean_json(wish.model_dump(mode="json")),
        created_at=at,
    )


def _record(run: Run, step: Step, ask: Ask, *, at: datetime, **shown: object) -> None:
    data = {"ask": str(ask.id), "kind": ask.kind, "turn": ask.turn, **shown}
    record_event(run, "ask.waiting", at=at, step=step, data=data)
