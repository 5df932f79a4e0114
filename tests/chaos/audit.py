"""What must hold after any fault, proved from the rows, the ledger, the dead letters and the
provider's own log."""

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from itertools import chain
from uuid import UUID

from django.db.models import F, Q, Value
from django.db.models.functions import Greatest

from agentplatform.dead_letters.models import DeadLetter
from apps.gateway.models import LlmCall
from apps.runs.models import Run, RunEvent, Step
from apps.runs.states import RUN, STEP
from apps.tools.models import ToolCall
from tests.chaos.audit_money import money_problems
from tests.provider import Provider

SHOWN = 30
LOST = "worker_lost"


def audit(
    provider: Provider,
    *,
    within_seconds: float,
    whole_at: datetime | None = None,
    deaths: int | None = None,
    given_back: int = 0,
    poisoned: Collection[UUID] | None = (),
) -> None:
    """Raises AssertionError with everything that does not hold. Call it once all is quiet.

    Every run that was accepted is over, `within_seconds` after it was, or after all processes were
    there again at `whole_at`; each step was committed at most once, with the output of the attempt
    that its row names; no state went backwards; money is as audit_money says, with at most `deaths`
    unconfirmed attempts if that is given; the dead letters are those of `poisoned` runs exactly,
    and with None those of whatever was given up.
    """
    found = chain(
        _unfinished(within_seconds, whole_at),
        _states(),
        _commits(),
        _outputs(),
        money_problems(provider, deaths=deaths, given_back=given_back),
        _letters(poisoned),
    )
    problems = list(found)
    assert not problems, "\n".join([f"{len(problems)} problems", *problems[:SHOWN]])


def _unfinished(within_seconds: float, whole_at: datetime | None) -> Iterator[str]:
    for run in Run.objects.exclude(status__in=RUN.terminal):
        yield f"run {run.id} is {run.status}: {_where(run)}"
    for run in Run.objects.filter(status__in=RUN.terminal, finalized_at=None):
        yield f"run {run.id} is over but not finalized"
    began = Greatest("created_at", Value(whole_at)) if whole_at else F("created_at")
    late = began + timedelta(seconds=within_seconds)
    for run in Run.objects.filter(completed_at__gt=late):
        yield f"run {run.id} ended late: {run.created_at:%X} to {run.completed_at:%X}"
    for step in Step.objects.exclude(status__in=STEP.terminal):
        yield f"step {step.name} of run {step.run_id} is {step.status}"
    for model in (LlmCall, ToolCall):
        for call in model.objects.filter(status__in=("QUEUED", "RUNNING")):
            yield f"{call.kind} call {call.id} is {call.status}"


def _where(run: Run) -> dict[str, str]:
    return dict(Step.objects.filter(run=run).values_list("name", "status"))


def _states() -> Iterator[str]:
    """Numbers without gaps, and each change one that the tables allow. Items that are cancelled
    with their map have one event together."""
    last: dict[tuple[UUID, str, int], str] = {}
    numbers: Counter[UUID] = Counter()
    events = RunEvent.objects.order_by("run_id", "seq")
    told = events.values_list("run_id", "seq", "kind", "step_name", "item")
    for run_id, seq, kind, name, item in told:
        numbers[run_id] += 1
        if seq != numbers[run_id]:
            yield f"run {run_id} has event {seq} where {numbers[run_id]} was due"
        noun, _, verb = kind.partition(".")
        machine = {"run": RUN, "step": STEP}.get(noun)
        status = verb.upper()
        if machine is None or status not in machine.states:
            continue
        place = (run_id, name, -1 if item is None else item)
        before = last.get(place)
        if before is not None and before not in machine.sources_of(status):
            yield f"{noun} {name}[{item}] of run {run_id} went from {before} to {status}"
        last[place] = status
    rows = Step.objects.values_list("run_id", "name", "item_index", "status")
    for run_id, name, item, status in rows:
        seen = last.get((run_id, name, item), "PENDING")
        if seen != status and (item < 0 or status != "CANCELLED"):
            yield f"step {name}[{item}] of run {run_id} is {status}, its last event {seen}"
    for run_id, status in Run.objects.values_list("id", "status"):
        if last.get((run_id, "", -1)) != status:
            yield f"run {run_id} is {status}, its last event {last.get((run_id, '', -1))}"


def _commits() -> Iterator[str]:
    events = RunEvent.objects.filter(kind="step.success").values_list("run_id", "step_name")
    rows = Step.objects.filter(status="SUCCESS").values_list("run_id", "name")
    told, written = Counter(events), Counter(rows)
    for run_id, name in told.keys() | written.keys():
        if told[run_id, name] != written[run_id, name]:
            yield (
                f"step {name} of run {run_id} was committed {told[run_id, name]} times,"
                f" {written[run_id, name]} rows say so"
            )


def _outputs() -> Iterator[str]:
    """The output is what the calls of the last turn of the step's own attempt came to."""
    for step in Step.objects.filter(status="SUCCESS", kind="tool"):
        if step.output != _answer(ToolCall, step):
            yield f"step {step.name} of run {step.run_id} has another output than its call"
    for step in Step.objects.filter(status="SUCCESS", kind__in=("llm", "agent")):
        answer = _answer(LlmCall, step) or {}
        told = (step.output or {}).get("text")
        if told is not None and told != answer.get("text"):
            yield f"step {step.name} of run {step.run_id} has another text than its call"


def _answer(model: type[LlmCall] | type[ToolCall], step: Step) -> object:
    calls = model.objects.filter(step_id=step.id, turn=step.turn - 1, status="SUCCESS")
    latest = calls.filter(attempt__lte=step.attempt).order_by("-attempt").first()
    return latest.response if latest else None


def _letters(poisoned: Collection[UUID] | None) -> Iterator[str]:
    """A letter for each call and step that was given up, and none besides."""
    letters = list(DeadLetter.objects.values_list("kind", "run_id", "step_id", "call_id"))
    given_up: set[tuple[object, ...]] = set()
    steps = set()
    for model in (LlmCall, ToolCall):
        for call in model.objects.filter(error__code=LOST):
            given_up.add(("call", call.run_id, call.step_id, call.id))
            steps.add(call.step_id)
    lost = Step.objects.filter(Q(status="FAILED", error__code=LOST) & ~Q(id__in=steps))
    given_up |= {("step", step.run_id, step.id, None) for step in lost}
    if Counter(letters) != Counter(given_up):
        yield f"dead letters {letters}, given up {given_up}"
    if poisoned is not None and {run_id for _, run_id, _, _ in letters} != set(poisoned):
        yield f"dead letters of runs {letters}, poisoned {set(poisoned)}"
