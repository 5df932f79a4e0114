"""Takes a run through its steps in this process, with a clock that is set by hand."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from agentplatform.calls.claim import claim_row
from agentplatform.calls.contracts import CallFailure
from agentplatform.calls.move import finish_row
from agentplatform.core.clock import now
from apps.gateway.models import LlmCall
from apps.runs.models import Run, Step
from apps.runs.services.advance_run import advance_run
from apps.runs.services.cancel_children import cancel_children
from apps.runs.services.execute_step import execute_step
from apps.runs.services.recover import recover
from apps.runs.services.resume_step import resume_step
from apps.runs.states import RUN
from apps.tools.models import ToolCall

Answer = Callable[[dict[str, Any]], Any]
Say = Callable[[str], dict[str, Any] | CallFailure]


def broken(detail: str) -> CallFailure:
    """An answer that fails its call for good."""
    return CallFailure(code="broken", detail=detail, is_retryable=False)


def echo(arguments: dict[str, Any]) -> Any:
    """The tool whose value is its input."""
    return arguments.get("input")


class Model:
    """Wants these calls first, then answers."""

    def __init__(self, *calls: dict[str, Any]) -> None:
        self._calls = [{"id": f"c{index}", **call} for index, call in enumerate(calls)]

    def __call__(self, _: str) -> dict[str, Any]:
        wanted, self._calls = self._calls, []
        return {"text": "" if wanted else "Done.", "tool_calls": wanted}


class Drive:
    """Delivers what is due for every run of the tenant; `answer` gives the value of a tool call
    for its arguments, or a CallFailure. `say` gives what a completion says to its last message, or
    a CallFailure; without it completions stay open."""

    def __init__(self, run: Run, answer: Answer = echo, say: Say | None = None) -> None:
        self.run = run
        self.answer = answer
        self.say = say
        self.at: datetime = now()

    def pass_time(self, seconds: float) -> "Drive":
        self.at += timedelta(seconds=seconds)
        return self

    def until_still(self) -> Run:
        """Deliver until nothing changes at this time. Returns the run as it is then."""
        for _ in range(200):
            before = self._seen()
            for run in Run.objects.filter(tenant_id=self.run.tenant_id):
                self._deliver(run)
            recover(at=self.at)
            if self._seen() == before:
                self.run.refresh_from_db()
                return self.run
        raise AssertionError("the run never comes to rest")

    def to_the_end(self) -> Run:
        """The run once it is over; waits pass at once."""
        for _ in range(20):
            if self.until_still().status in RUN.terminal:
                return self.run
            self.pass_time(61)
        raise AssertionError(f"the run is {self.run.status}")

    def _deliver(self, run: Run) -> None:
        if run.status not in RUN.terminal:
            advance_run(run_id=run.id, at=self.at)
        cancel_children(run_id=run.id, at=self.at)
        for step in Step.objects.filter(run=run, status__in=("QUEUED", "WAITING")):
            execute_step(step_id=step.id, turn=step.turn, at=self.at)
            self.answer_calls(step)
            resume_step(step_id=step.id, turn=step.turn, at=self.at)

    def answer_calls(self, step: Step) -> None:
        self._answer_completions(step)
        for call in ToolCall.objects.filter(step_id=step.id, status="QUEUED"):
            claimed = claim_row(ToolCall, call_id=call.id, at=self.at)
            if claimed is None:
                continue
            value = self.answer(claimed.arguments)
            if isinstance(value, CallFailure):
                finish_row(claimed, to="FAILED", at=self.at, failure=value)
            else:
                finish_row(claimed, to="SUCCESS", at=self.at, response={"value": value})

    def _answer_completions(self, step: Step) -> None:
        if self.say is None:
            return
        for call in LlmCall.objects.filter(step_id=step.id, status="QUEUED"):
            claimed = claim_row(LlmCall, call_id=call.id, at=self.at)
            if claimed is None:
                continue
            said = self.say(claimed.request["messages"][-1]["content"])
            if isinstance(said, CallFailure):
                finish_row(claimed, to="FAILED", at=self.at, failure=said)
            else:
                finish_row(claimed, to="SUCCESS", at=self.at, response=said)

    def _seen(self) -> tuple[int, ...]:
        tenant = self.run.tenant_id
        runs = Run.objects.filter(tenant_id=tenant)
        return tuple(runs.order_by("id").values_list("event_seq", flat=True))
