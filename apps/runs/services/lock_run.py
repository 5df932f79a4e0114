"""Take a run's lock, which every writer takes first, and read its steps under it."""

from uuid import UUID

from django.db.models import Q

from agentplatform.core.postgresql.reads import Reads
from agentplatform.core.transactions import require_transaction
from apps.runs.models import Checkpoint, Run, Step
from apps.runs.services.write_run import held_of, write_run

_CAPS = {"runs_cap": "tenants.max_runs_in_flight", "calls_cap": "tenants.max_calls_in_flight"}


def lock_run(run_id: UUID) -> Run:
    """The run's row, locked until the transaction ends, its steps read along. Raises
    Run.DoesNotExist. Requires a transaction."""
    return _lock("%s", run_id, wanted="steps.item_index = -1", parameters=[])


def lock_run_of(step_id: UUID) -> Run:
    """The same for the run of a step, which is read even if it is an item of a map, with its
    checkpoint."""
    found = "(select run_id from steps where id = %s)"
    wanted = "(steps.item_index = -1 or steps.id = %s)"
    return _lock(found, step_id, wanted=wanted, parameters=[step_id], of_step=step_id)


def _lock(
    run_id: str, named: UUID, *, wanted: str, parameters: list[UUID], of_step: UUID | None = None
) -> Run:
    """`run_id` is the SQL of the id, of what is `named`; `wanted` that of the steps to read. The
    checkpoint is read of the one step."""
    require_transaction()
    reads = Reads()
    tail = f"join tenants on tenants.id = runs.tenant_id where runs.id = {run_id}"
    reads.add(Run, f"{tail} for update of runs", [named], also=_CAPS)
    reads.add(Step, f"where steps.run_id = {run_id} and {wanted}", [named, *parameters])
    if of_step is not None:
        reads.add(Checkpoint, "where step_id = %s", [of_step])
    runs, steps, *more = reads.execute()
    if not runs:
        raise Run.DoesNotExist
    run: Run = runs[0]
    held = held_of(run)
    held.steps, held.all_read = {step.id: step for step in steps}, True
    if of_step is not None:
        held.checkpoints[of_step] = next(iter(more[0]), None)
    return run


def locked_step(run: Run, step_id: UUID) -> Step:
    """A step of a locked run, as it stands, read together with all that are outside of maps. Raises
    Step.DoesNotExist. Requires a transaction."""
    held = held_of(run)
    if step_id not in held.steps:
        _read(run, also=step_id)
    if step_id not in held.steps:
        raise Step.DoesNotExist
    return held.steps[step_id]


def locked_steps(run: Run) -> dict[str, Step]:
    """The steps of a locked run by name, in the order of its spec; items of maps left out."""
    held = held_of(run)
    if not held.all_read:
        _read(run)
    found = (step for step in held.steps.values() if step.item_index < 0)
    return {step.name: step for step in sorted(found, key=lambda step: step.position)}


def locked_items(run: Run, rows: list[Step]) -> list[Step]:
    """Rows that were read under the lock of a run, each as the one object that stands for it."""
    held = held_of(run)
    return [held.steps.setdefault(row.id, row) for row in rows]


def _read(run: Run, *, also: UUID | None = None) -> None:
    require_transaction()
    held = held_of(run)
    if held.changes:
        write_run(run)
    wanted = Q() if held.all_read else Q(item_index=-1)
    if also is not None:
        wanted |= Q(id=also)
    locked_items(run, list(Step.objects.filter(wanted, run_id=run.id)))
    held.all_read = True
