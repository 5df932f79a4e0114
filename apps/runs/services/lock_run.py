"""Take a run's lock, which every writer takes first, and read its steps under it."""

from collections.abc import Callable
from uuid import UUID

from django.db.models import Q

from agentplatform.core.postgresql.batch import ONE_ROW_OF
from agentplatform.core.postgresql.reads import Reads
from agentplatform.core.transactions import begin_with, require_transaction
from apps.runs.models import Checkpoint, Run, Step
from apps.runs.models.held import Held, TurnCalls
from apps.runs.selectors import read_calls
from apps.runs.services.write_run import held_of, write_run

_CAPS = {"runs_cap": "tenants.max_runs_in_flight", "calls_cap": "tenants.max_calls_in_flight"}


def lock_run(run_id: UUID) -> Run:
    """The run's row, locked until the transaction ends, its steps read along. Raises
    Run.DoesNotExist. Requires a transaction."""
    reads = Reads()
    give = _read_run(reads, "%s", run_id, wanted="steps.item_index = -1", parameters=[])
    reads.execute()
    return give()


def lock_run_of(step_id: UUID, *, calls_of: int | None = None) -> Run:
    """The same for the run of a step, which is read even if it is an item of a map, with its
    checkpoint and the calls of the turn `calls_of`."""
    found = "(select run_id from steps where id = %s)"
    wanted = "(steps.item_index = -1 or steps.id = %s)"
    reads = Reads()
    give = _read_run(reads, found, step_id, wanted=wanted, parameters=[step_id])
    checkpoints = reads.add(Checkpoint, "where step_id = %s", [step_id])
    if calls_of is not None:
        calls = TurnCalls(calls_of, read_calls(reads, step_id=step_id, turn=calls_of))
    reads.execute()
    run = give()
    held_of(run).checkpoints[step_id] = next(iter(checkpoints()), None)
    held_of(run).calls = calls if calls_of is not None else None
    return run


def lock_run_again(run: Run) -> None:
    """Lock a run that this process has locked before, as that transaction left it, in the round
    trip of the open one's first statement: that raises RowMissing if anybody has written the run
    since. Requires a transaction that has sent nothing yet."""
    require_transaction()
    before = held_of(run)
    unchanged = f"select from runs where id = '{run.id}' and event_seq = {run.event_seq} for update"
    begin_with(ONE_ROW_OF.format(f"({unchanged}) as unchanged"))
    run.held = Held(event_seq=run.event_seq, steps=before.steps, all_read=before.all_read)


def _read_run(
    reads: Reads, run_id: str, named: UUID, *, wanted: str, parameters: list[UUID]
) -> Callable[[], Run]:
    """`run_id` is the SQL of the id, of what is `named`; `wanted` that of the steps to read."""
    require_transaction()
    tail = f"join tenants on tenants.id = runs.tenant_id where runs.id = {run_id}"
    runs = reads.add(Run, f"{tail} for update of runs", [named], also=_CAPS)
    steps = reads.add(Step, f"where steps.run_id = {run_id} and {wanted}", [named, *parameters])

    def give() -> Run:
        if not runs():
            raise Run.DoesNotExist
        run: Run = runs()[0]
        held = held_of(run)
        held.steps, held.all_read = {step.id: step for step in steps()}, True
        return run

    return give


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
