"""Write what was decided of a locked run: its steps, its events and its own row, in one round trip.

Nobody else can change them meanwhile, so what is decided can wait for the end of the transaction. A
query that must see it calls write_run first.
"""

from agentplatform.core.postgresql.batch import Batch, row_values
from agentplatform.core.transactions import before_commit
from apps.runs.models import Checkpoint, Run, RunEvent, Step
from apps.runs.models.held import Held


def held_of(run: Run) -> Held:
    """What the open transaction knows of a run that it has locked or made."""
    if run.held is None:
        run.held = Held(event_seq=run.event_seq)
    return run.held


def to_be_written(run: Run) -> Held:
    """The same, to be added to: it is written when the transaction ends, at the latest."""
    before_commit(write_run, run=run)
    return held_of(run)


def write_run(run: Run) -> None:
    """Write what is decided so far. Requires a transaction."""
    held = held_of(run)
    if held.is_written:
        return
    batch = held.batch
    if held.may_be_lost:
        batch.commit_lazily()
    for step_id, change in held.changes.items():
        where = {"id": step_id, "status": change.status, "turn": change.turn}
        batch.update(Step, change.values, where=where)
    for checkpoint in held.new_checkpoints:
        batch.put(Checkpoint, row_values(checkpoint), key="step")
    batch.insert(RunEvent, held.events)
    where = {"id": run.id, "event_seq": held.event_seq}
    batch.update(Run, {**held.run_values, "event_seq": run.event_seq}, where=where)
    _is_written(run)
    batch.execute()


def write_new_run(run: Run, *, steps: list[Step], batch: Batch) -> None:
    """Write a run that has no row yet, with its steps and what is decided so far, when `batch` is
    sent."""
    batch.insert(Run, [row_values(run)])
    batch.insert(Step, [row_values(step) for step in steps])
    batch.insert(RunEvent, held_of(run).events)
    _is_written(run)


def _is_written(run: Run) -> None:
    held = held_of(run)
    held.changes, held.run_values, held.events, held.new_checkpoints = {}, {}, [], []
    held.batch = Batch()
    held.event_seq = run.event_seq
