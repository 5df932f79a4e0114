"""Recovery: what was never sent, what was lost, and whose worker died."""

import subprocess
import sys
from datetime import timedelta

from agentplatform.core.clock import now
from apps.runs.models import Step
from apps.runs.services.claim_step import STEP_LEASE, claim_step
from apps.runs.services.dispatch import send_advance
from apps.runs.services.recover import BACKLOG, recover
from apps.tools.models import ToolCall
from apps.tools.tasks import execute
from tests.integration.runs.conftest import RunMaker, Sent
from tests.integration.runs.steps_under_way import code, started, waiting

LATER = timedelta(seconds=60)
SECOND = timedelta(seconds=1)


def test_recovery_sends_what_was_never_sent(make_run: RunMaker, sent: Sent) -> None:
    run = make_run([code()])
    sent()
    assert recover(at=now() + LATER) == {"runs": 1}
    assert sent() == [("runs.advance_run", {"run_id": str(run.id)})]
    step = started(run)
    assert recover(at=now() + LATER) == {"steps": 1}
    assert sent() == [("runs.execute_step", {"step_id": str(step.id), "turn": 0})]
    assert recover(at=now() + LATER) == {}


def test_recovery_adds_nothing_to_queues_that_are_not_worked_off(
    make_run: RunMaker, sent: Sent
) -> None:
    runs = [make_run([code()]) for _ in range(4)]
    for run in runs * (BACKLOG // 2):
        send_advance(run_id=run.id)
    waiting = len(runs) * (BACKLOG // 2 + 1)
    assert recover(at=now() + LATER) == {}
    assert len(sent()) == waiting
    assert recover(at=now() + LATER) == {"runs": len(runs)}


def test_recovery_sends_a_lost_call_and_a_lost_resume(make_run: RunMaker, sent: Sent) -> None:
    step = waiting(make_run([code()]))
    sent()
    call_id = str(ToolCall.objects.get(step_id=step.id).id)
    assert recover(at=now() + LATER) == {"calls": 1}
    assert sent() == [("tools.execute", {"call_id": call_id})]
    execute(call_id=call_id)
    assert recover(at=now() + 3 * LATER) == {"turns": 1}
    assert sent() == [("runs.resume_step", {"step_id": str(step.id), "turn": 0})]


def test_recovery_sends_the_calls_whose_sender_died_before_it_could_once_and_soon(
    make_run: RunMaker, sent: Sent
) -> None:
    step = waiting(make_run([code()]))
    soon = now() + 3 * SECOND
    sent()
    recover(at=soon)
    assert sent() == []
    Step.objects.filter(id=step.id).update(lease_owner=name_of_a_gone_process(), dispatched_at=None)
    recover(at=soon)
    call_id = str(ToolCall.objects.get(step_id=step.id).id)
    assert sent() == [("tools.execute", {"call_id": call_id})]
    Step.objects.filter(id=step.id).update(dispatched_at=None)
    recover(at=soon + SECOND)
    assert sent() == []


def test_recovery_sends_a_step_whose_worker_died(make_run: RunMaker, sent: Sent) -> None:
    step = started(make_run([code()]))
    at = now()
    claim_step(step_id=step.id, turn=0, at=at)
    sent()
    assert recover(at=at + STEP_LEASE / 2) == {}
    assert recover(at=at + STEP_LEASE) == {"steps": 1}
    assert sent() == [("runs.execute_step", {"step_id": str(step.id), "turn": 0})]


def test_the_step_of_a_process_that_is_gone_is_free_at_once(make_run: RunMaker) -> None:
    run = make_run([code()])
    step = started(run)
    assert claim_step(step_id=step.id, turn=0, at=now())
    assert claim_step(step_id=step.id, turn=0, at=now()) is None
    Step.objects.filter(id=step.id).update(lease_owner=name_of_a_gone_process())
    assert recover(at=now())["steps"] == 1
    assert claim_step(step_id=step.id, turn=0, at=now())


def name_of_a_gone_process() -> str:
    program = "from agentplatform.core.processes import this_process; print(this_process())"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return ended.stdout.strip()
