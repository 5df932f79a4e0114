"""A wait for a time or for a signal."""

from datetime import datetime, timedelta
from typing import Any, cast

from apps.runs.models import Run, Step
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.engine.settle import fail, succeed, wait_for
from apps.runs.spec.engine_steps import WaitStep
from apps.runs.spec.expression import TemplateError
from apps.runs.spec.kinds import SpecStep
from apps.runs.spec.steps import MONTH_SECONDS
from apps.runs.spec.template import render

NO_SIGNAL = {"code": "timeout", "detail": "No signal came within timeout_seconds."}


def begin_wait(
    run: Run, step: Step, node: SpecStep, values: dict[str, Any], *, at: datetime
) -> list[QueuedStep]:
    """Let a RUNNING step of a locked run wait. A signal that came before ends it at once.

    Requires a transaction.
    """
    node = cast("WaitStep", node)
    if node.signal:
        _await_signal(run, step, node, at=at)
        return []
    try:
        seconds = _seconds(node, values)
    except TemplateError as failure:
        fail(run, step, {"code": failure.code, "detail": f"seconds: {failure.detail}"}, at=at)
        return []
    wait_for(run, step, Step.WaitsFor.TIME, at=at, until=at + timedelta(seconds=seconds))
    return []


def end_wait(run: Run, step: Step, node: SpecStep, *, at: datetime) -> None:
    """The time of a WAITING step of a locked run has come. Requires a transaction."""
    if step.waits_for == Step.WaitsFor.TIME:
        succeed(run, step, {"waited_until": at.isoformat()}, at=at)
    elif cast("WaitStep", node).on_timeout == "continue":
        succeed(run, step, {"signal": None, "timed_out": True}, at=at)
    else:
        fail(run, step, NO_SIGNAL, at=at)


def _await_signal(run: Run, step: Step, node: WaitStep, *, at: datetime) -> None:
    if step.input is not None:
        succeed(run, step, {**step.input, "timed_out": False}, at=at)
        return
    limit = node.timeout_seconds
    until = None if limit is None else at + timedelta(seconds=limit)
    wait_for(run, step, Step.WaitsFor.SIGNAL, at=at, until=until)


def _seconds(node: WaitStep, values: dict[str, Any]) -> float:
    seconds = render(node.seconds, values)
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not 0 <= seconds <= MONTH_SECONDS:
        raise TemplateError(
            f"gives {repr(seconds)[:100]}; a number from 0 to {MONTH_SECONDS} is needed"
        )
    return float(seconds)
