"""Accept a run: its row, its steps and its first event in one transaction."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from agentplatform.core.json_schema import find_mismatches
from agentplatform.core.json_values import clean_json
from agentplatform.core.postgresql.batch import Batch
from agentplatform.core.transactions import after_commit, before_commit, transaction
from apps.runs.contracts import InvalidRunInput
from apps.runs.models import Run, Step, TaskVersion
from apps.runs.selectors import spec_of_version
from apps.runs.services.dispatch import send_advance, send_give_places
from apps.runs.services.make_once import make_once
from apps.runs.services.places.caps import wanted_places
from apps.runs.services.transition import record_event
from apps.runs.services.write_run import write_new_run
from apps.runs.spec.document import Spec
from apps.tenants import facade as tenants


def create_run(
    *,
    version: TaskVersion,
    given: dict[str, Any],
    created_by: UUID | None,
    at: datetime,
    api_key_id: UUID | None = None,
    token_budget: int | None = None,
    idempotency_key: str | None = None,
    trace_id: str = "",
    priority: int = 0,
) -> tuple[Run, bool]:
    """The new run and True, or the run that this idempotency key made before and False.

    It uses the budgets of the user and the key who start it. Raises TenantInactive, InvalidRunInput
    for an input that breaks the task's schema, and IdempotencyMismatch when the key was used with
    another request. Opens a transaction; the message goes out after it.
    """
    if idempotency_key is not None:  # else making the run finds out
        tenants.require_active_tenant(tenant_id=version.tenant_id)

    def make(**key: Any) -> Run:
        with transaction():
            batch = Batch()
            run = create_run_of_version(
                batch=batch,
                version=version,
                given=given,
                created_by=created_by,
                api_key_id=api_key_id,
                at=at,
                token_budget=token_budget,
                trace_id=trace_id,
                priority=priority,
                **key,
            )
            _record_start(run, at, batch)
            before_commit(batch.execute)
        return run

    request = [str(version.task_id), given, token_budget]
    if priority:  # without one it is what it was before there were any
        request.append(priority)
    return make_once(make, tenant_id=version.tenant_id, key=idempotency_key, request=request)


def create_run_of_version(
    *,
    version: TaskVersion,
    given: dict[str, Any],
    created_by: UUID | None,
    at: datetime,
    token_budget: int | None,
    api_key_id: UUID | None = None,
    batch: Batch | None = None,
    **more: Any,
) -> Run:
    """A run of this version; `more` are fields of its row. One with a `parent_run` uses the
    parent's budget too. Raises InvalidRunInput, TenantInactive, OtherRelease. Requires a
    transaction; the message goes out after it. With a `batch` the rows are written when that is
    sent.
    """
    sent = Batch() if batch is None else batch
    spec = spec_of_version(version.id)
    _check_input(spec, given)
    budget = token_budget if token_budget is not None else spec.defaults.token_budget
    held = tenants.keep_tenant_active(tenant_id=version.tenant_id)
    caps = wanted_places(runs_cap=held.runs)
    run = Run(
        tenant_id=version.tenant_id,
        task_version=version,
        created_by_id=created_by,
        input=clean_json(given),
        token_budget=budget,
        deadline_at=at + timedelta(seconds=spec.defaults.timeout_seconds),
        waits_for_place=bool(caps),
        advanced_at=at,
        created_at=at,
        **more,
    )
    record_event(run, "run.pending", at=at)
    if caps:
        record_event(run, "run.waiting", at=at, data={"caps": caps})
    write_new_run(run, steps=_steps_of(run, spec, at), batch=sent)
    tenants.open_run_account(
        tenant_id=run.tenant_id,
        run_id=run.id,
        token_limit=budget,
        parent_run_id=run.parent_run_id,
        user_id=created_by,
        api_key_id=api_key_id,
        batch=sent,
    )
    if batch is None:
        sent.execute()
    if caps:
        after_commit(send_give_places)
    else:
        after_commit(send_advance, run_id=run.id)
    return run


def _steps_of(run: Run, spec: Spec, at: datetime) -> list[Step]:
    return [
        Step(
            tenant_id=run.tenant_id,
            run=run,
            name=step.name,
            kind=step.kind,
            position=position,
            max_attempts=(step.retry or spec.defaults.retry).max_attempts,
            changed_at=at,
        )
        for position, step in enumerate(spec.steps)
    ]


def _record_start(run: Run, at: datetime, batch: Batch) -> None:
    version = run.task_version
    tenants.record_addition_in(
        batch,
        tenant_id=run.tenant_id,
        action="run.started",
        target=("run", run.id),
        at=at,
        after={
            "task_id": version.task_id,
            "version": version.number,
            "token_budget": run.token_budget,
        },
    )


def _check_input(spec: Spec, given: dict[str, Any]) -> None:
    errors: dict[str, list[str]] = {}
    for mismatch in find_mismatches(given, spec.inputs):
        path = f"input.{mismatch.path}".rstrip(".")
        errors.setdefault(path, []).append(mismatch.message)
    if errors:
        raise InvalidRunInput(errors)
