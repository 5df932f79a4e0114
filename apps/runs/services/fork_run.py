"""A new run that starts where an earlier one stood."""

from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.core.errors import Conflict, InvalidInput
from agentplatform.core.transactions import transaction
from apps.runs.models import Run, Step
from apps.runs.selectors import spec_of, steps_of
from apps.runs.services.create_run import create_run_of_version
from apps.runs.services.hold_output import held_by
from apps.runs.services.transition import record_event, set_run
from apps.runs.spec.document import Spec
from apps.runs.spec.steps import Goto
from apps.runs.states import RUN, STEP
from apps.tenants import facade as tenants

ENDED = ("SUCCESS", "SKIPPED", "FAILED")


def retry_run(
    *,
    run: Run,
    created_by: UUID | None,
    at: datetime,
    token_budget: int | None = None,
    **key: Any,
) -> Run:
    """A run of the same version and input that takes over every step that ended well, and takes
    the failed ones and what needs them again. Raises Conflict for a run that did not fail.

    `key` is what make_once gives, and the API key that asks. Opens a transaction.
    """
    if run.status not in RUN.terminal:
        raise Conflict(f"The run is {run.status}; it can be retried once it has ended.")
    if run.status == "COMPLETED":
        raise Conflict("The run is COMPLETED; fork it to take steps of it again.")
    spec, steps = spec_of(run), steps_of(run)
    again = {name for name, step in steps.items() if step.status not in ("SUCCESS", "SKIPPED")}
    again = _with_downstream(spec, again)
    return _fork(
        run,
        spec,
        again,
        action="run.retried",
        created_by=created_by,
        at=at,
        token_budget=token_budget,
        **key,
    )


def fork_run(
    *,
    run: Run,
    step: str,
    created_by: UUID | None,
    at: datetime,
    given: dict[str, Any] | None = None,
    token_budget: int | None = None,
    **key: Any,
) -> Run:
    """A run of the same version that takes over what came before `step`, and takes it and what
    needs it again, with another input if one is given.

    Raises InvalidInput for an unknown step, Conflict while a step before it is not over. `key` is
    what make_once gives, and the API key that asks. Opens a transaction.
    """
    spec, steps = spec_of(run), steps_of(run)
    if step not in spec.by_name:
        known = ", ".join(spec.by_name)
        raise InvalidInput("There is no such step.", errors={"step": [f"One of {known}."]})
    again = _with_downstream(spec, {step})
    unfinished = [
        name for name in spec.upstream(step) - again if steps[name].status not in STEP.terminal
    ]
    if unfinished:
        raise Conflict(f"The step `{sorted(unfinished)[0]}` before `{step}` is not over yet.")
    again |= {name for name, row in steps.items() if not _may_stay(spec, row)}
    again = _with_downstream(spec, again)
    return _fork(
        run,
        spec,
        again,
        action="run.forked",
        created_by=created_by,
        at=at,
        given=given,
        token_budget=token_budget,
        **key,
    )


def _fork(
    run: Run,
    spec: Spec,
    again: set[str],
    *,
    action: str,
    created_by: UUID | None,
    at: datetime,
    given: dict[str, Any] | None = None,
    token_budget: int | None = None,
    **key: Any,
) -> Run:
    with transaction():
        fork = create_run_of_version(
            version=run.task_version,
            given=run.input if given is None else given,
            created_by=created_by,
            at=at,
            token_budget=run.token_budget if token_budget is None else token_budget,
            trace_id=run.trace_id,
            priority=run.priority,
            forked_from=run,
            **key,
        )
        kept = [name for name in spec.by_name if name not in again]
        _take_over(run, fork, kept, at=at)
        data = {"run_id": str(run.id), "kept": kept}
        record_event(fork, "run.forked", at=at, data=data)
        tenants.record_change(
            tenant_id=run.tenant_id,
            action=action,
            target=("run", run.id),
            at=at,
            after={"new_run_id": fork.id},
        )
    return fork


def _take_over(run: Run, fork: Run, kept: list[str], *, at: datetime) -> None:
    """Copy the ends of these steps, the items of maps included."""
    Step.objects.filter(run_id=fork.id, name__in=kept).delete()
    rows = list(Step.objects.filter(run_id=run.id, name__in=kept, status__in=ENDED))
    Step.objects.bulk_create(
        Step(
            tenant_id=fork.tenant_id,
            run=fork,
            changed_at=at,
            **{field: getattr(row, field) for field in _COPIED},
        )
        for row in rows
    )
    set_run(fork, held_bytes=held_by(rows))


_COPIED = (
    *("name", "kind", "item_index", "position", "status", "attempt", "max_attempts"),
    *("input", "output", "error", "started_at", "completed_at"),
)


def _may_stay(spec: Spec, step: Step) -> bool:
    """Whether a run can go on from this end: taken over, a failure must not end it again."""
    if step.status != "FAILED":
        return step.status in ENDED
    rule = spec.by_name[step.name].on_failure
    ends_run = rule == "fail_run" or (isinstance(rule, Goto) and rule.then == "fail_run")
    return not ends_run


def _with_downstream(spec: Spec, names: set[str]) -> set[str]:
    return set().union(*(spec.downstream(name) for name in names)) if names else set()
