"""A run is cancelled in the moment that it completes: one of the two happens."""

import os
import threading
from contextvars import copy_context

import pytest
from django.db import connections

from agentplatform.calls.claim import claim_row
from agentplatform.calls.move import finish_row
from agentplatform.core.clock import now
from apps.runs.contracts import RunFinished
from apps.runs.models import Run, RunEvent, Step
from apps.runs.selectors import newest_version
from apps.runs.services.advance_run import advance_run
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.create_run import create_run
from apps.runs.services.execute_step import execute_step
from apps.runs.services.finalize_run import finalize_run
from apps.runs.services.resume_step import resume_step
from apps.runs.states import RUN, STEP
from apps.tools.models import ToolCall
from tests.chaos.stack import COUNT, make_task

pytestmark = pytest.mark.usefixtures("broker")

LONGEST_START = 30
"""Queries that the cancel lets pass at most, so that it comes before, amid and after the other."""
RACES = 1000 if os.environ.get("CHAOS") == "long" else 60


@pytest.mark.timeout(900)
def test_a_run_is_cancelled_or_completed(transactional_db: None) -> None:
    task = make_task([{**COUNT, "name": "only"}])
    outcomes = set()
    for number in range(RACES):
        run, _ = create_run(version=newest_version(task), given={}, created_by=None, at=now())
        outcomes.add(_race(run, head_start=number % LONGEST_START))
        _check(run)
    assert outcomes == {"COMPLETED", "CANCELLED"}


def _race(run: Run, *, head_start: int) -> str:
    """Both at once, the cancel after so many queries. Returns how the run ended."""
    advance_run(run_id=run.id, at=now())
    step = Step.objects.get(run=run)
    execute_step(step_id=step.id, turn=0, at=now())
    call = claim_row(ToolCall, call_id=ToolCall.objects.get(step_id=step.id).id, at=now())
    assert call is not None
    finish_row(call, to="SUCCESS", at=now(), response={"value": 1})
    barrier = threading.Barrier(2)
    refused: list[RunFinished] = []

    def complete() -> None:
        barrier.wait()
        resume_step(step_id=step.id, turn=0, at=now())
        connections.close_all()

    def cancel() -> None:
        barrier.wait()
        for _ in range(head_start):
            Run.objects.filter(id=run.id).exists()
        try:
            cancel_run(run_id=run.id, at=now())
        except RunFinished as error:
            refused.append(error)
        connections.close_all()

    threads = [
        threading.Thread(target=copy_context().run, args=(racer,)) for racer in (complete, cancel)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.refresh_from_db()
    assert (run.status == "CANCELLED") is not bool(refused)
    finalize_run(run_id=run.id, at=now())
    return run.status


def _check(run: Run) -> None:
    step = Step.objects.get(run=run)
    assert run.status in RUN.terminal
    assert step.status == ("SUCCESS" if run.status == "COMPLETED" else "CANCELLED")
    assert (step.output is not None) is (run.status == "COMPLETED")
    kinds = list(RunEvent.objects.filter(run=run).order_by("seq").values_list("kind", flat=True))
    assert sum(kind.removeprefix("run.").upper() in RUN.terminal for kind in kinds
               if kind.startswith("run.")) == 1  # fmt: skip
    assert sum(kind.removeprefix("step.").upper() in STEP.terminal for kind in kinds
               if kind.startswith("step.")) == 1  # fmt: skip
    assert kinds[-1].startswith("run.")
