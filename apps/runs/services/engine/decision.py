"""A decision: over within the advance that reached it."""

from datetime import datetime
from typing import Any, cast

from apps.runs.models import Run, Step
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.engine.settle import fail, succeed
from apps.runs.spec.expression import TemplateError, is_true
from apps.runs.spec.kinds import SpecStep
from apps.runs.spec.steps import DecisionStep, Way


def decide(
    run: Run, step: Step, node: SpecStep, values: dict[str, Any], *, at: datetime
) -> list[QueuedStep]:
    """Move a RUNNING decision of a locked run to SUCCESS with {branch, next}, or to FAILED.

    Requires a transaction.
    """
    try:
        way = _choose(cast("DecisionStep", node), values)
    except TemplateError as failure:
        fail(run, step, {"code": failure.code, "detail": failure.detail}, at=at)
        return []
    output = {"branch": way.name, "next": list(way.next)}
    succeed(run, step, output, at=at, data={"branch": way.name})
    return []


def _choose(decision: DecisionStep, values: dict[str, Any]) -> Way:
    for branch in decision.branches:
        if is_true(branch.when, values):
            return branch
    return decision.otherwise
