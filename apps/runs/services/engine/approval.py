"""A question to a person."""

from datetime import datetime, timedelta
from typing import Any, cast

from apps.runs.models import Run, Step
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.engine.settle import fail, succeed, wait_for
from apps.runs.spec.engine_steps import ApprovalStep
from apps.runs.spec.expression import TemplateError
from apps.runs.spec.kinds import SpecStep
from apps.runs.spec.template import render

MAX_QUESTION = 100_000
"""Characters: it is a part of the run's events."""
NO_ANSWER = {"code": "timeout", "detail": "Nobody has answered within timeout_seconds."}


def begin_approval(
    run: Run, step: Step, node: SpecStep, values: dict[str, Any], *, at: datetime
) -> list[QueuedStep]:
    """Ask the question of a RUNNING step of a locked run: the run's events show it.

    Requires a transaction.
    """
    node = cast("ApprovalStep", node)
    try:
        question = _question(node, values)
    except TemplateError as failure:
        fail(run, step, {"code": failure.code, "detail": f"question: {failure.detail}"}, at=at)
        return []
    limit = node.timeout_seconds
    until = None if limit is None else at + timedelta(seconds=limit)
    options = list(node.options)
    wait_for(
        run, step, Step.WaitsFor.APPROVAL, at=at, until=until, question=question, options=options
    )
    return []


def _question(node: ApprovalStep, values: dict[str, Any]) -> str:
    question = str(render(node.question, values))
    if len(question) > MAX_QUESTION:
        raise TemplateError(f"gives {len(question)} characters; {MAX_QUESTION} is the most")
    return question


def end_approval(
    run: Run, step: Step, node: SpecStep, *, is_approved: bool, answer: dict[str, Any], at: datetime
) -> None:
    """End a WAITING step of a locked run by an answer. Requires a transaction."""
    output = {"decision": "approved" if is_approved else "rejected", **answer}
    if is_approved or cast("ApprovalStep", node).on_reject == "continue":
        succeed(run, step, output, at=at, data=output)
        return
    why = f": {answer['comment']}" if answer.get("comment") else "."
    detail = f"Rejected by {answer.get('by') or 'nobody in time'}{why}"
    fail(run, step, {"code": "rejected", "detail": detail, **answer}, at=at)


def end_unanswered(run: Run, step: Step, node: SpecStep, *, at: datetime) -> None:
    """Nobody answered the question of a WAITING step in time. Requires a transaction."""
    on_timeout = cast("ApprovalStep", node).on_timeout
    if on_timeout == "fail":
        fail(run, step, NO_ANSWER, at=at)
        return
    answer = {"option": None, "comment": "", "by": None, "timed_out": True}
    end_approval(run, step, node, is_approved=on_timeout == "approve", answer=answer, at=at)
