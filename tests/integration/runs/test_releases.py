"""Workers of two releases side by side: what one of them cannot read is left for the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from agentplatform.core.clock import now
from apps.runs.contracts import OtherRelease
from apps.runs.models import Run, Step, TaskVersion
from apps.runs.selectors import newest_version, spec_of_version
from apps.runs.services.advance_run import advance_run
from apps.runs.services.answer_step import approve_step
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.claim_step import MAX_TAKEOVERS, STEP_LEASE
from apps.runs.services.create_run import create_run
from apps.runs.services.execute_step import execute_step
from apps.runs.services.leave_step import LEFT_SECONDS
from apps.runs.services.recover import IDLE, recover
from apps.runs.services.resume_step import resume_step
from tests.integration.runs.conftest import RunMaker, Sent, kinds_of, step_of
from tests.integration.runs.drive import Drive
from tests.integration.runs.kinds import CHILD, code, statuses, task_of


@contextmanager
def written_by_another_release(*, task_name: str) -> Iterator[None]:
    """The newest version of the task holds a step of a kind that this release does not know."""
    version = TaskVersion.objects.filter(task__name=task_name).latest("number")
    known = version.spec
    telepathy = {"name": "t", "kind": "telepathy", "needs": []}
    spec = {**known, "steps": [*known["steps"], telepathy]}
    _write(version, spec)
    yield
    _write(version, known)


def _write(version: TaskVersion, spec: dict[str, Any]) -> None:
    """And have this process read it as one of another release would."""
    TaskVersion.objects.filter(id=version.id).update(spec=spec)
    spec_of_version.cache_clear()


@contextmanager
def foreign(run: Run) -> Iterator[None]:
    with written_by_another_release(task_name=run.task_version.task.name):
        yield


def test_a_run_of_another_release_stays_untouched_and_is_sent_again(
    make_run: RunMaker, sent: Sent
) -> None:
    run = make_run([code("a")])
    sent()
    with foreign(run):
        assert advance_run(run_id=run.id, at=now()) == []
        run.refresh_from_db()
        assert (run.status, kinds_of(run)) == ("PENDING", ["run.pending"])
        assert recover(at=run.advanced_at + IDLE) == {"runs": 1}
    assert sent() == [("runs.advance_run", {"run_id": str(run.id)})]
    assert Drive(run).to_the_end().status == "COMPLETED"


def test_a_step_of_another_release_s_run_is_left_in_its_attempt(make_run: RunMaker) -> None:
    run = make_run([code("a")])
    step = step_of(run, "a")
    Step.objects.filter(id=step.id).update(status="QUEUED")
    with foreign(run):
        execute_step(step_id=step.id, turn=0, at=now())
    left = step_of(run, "a")
    assert (left.status, left.attempt, left.turn) == ("RETRYING", 1, 0)
    assert left.error["code"] == "other_release"
    later = now() + timedelta(seconds=LEFT_SECONDS)
    assert recover(at=later)["retries"] == 1
    assert Drive(run).pass_time(LEFT_SECONDS).to_the_end().status == "COMPLETED"


def test_a_step_of_an_unknown_kind_is_left(
    make_run: RunMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run([code("a")])
    with monkeypatch.context() as worker:
        worker.setattr("apps.runs.services.take_turn._KINDS", {})
        (due,) = advance_run(run_id=run.id, at=now())
        execute_step(step_id=due.step_id, turn=0, at=now())
        assert step_of(run, "a").status == "RETRYING"
    assert Drive(run).pass_time(LEFT_SECONDS).to_the_end().status == "COMPLETED"


def test_a_turn_whose_successor_is_of_another_release_is_taken_again_elsewhere(
    make_run: RunMaker,
) -> None:
    run = make_run([code("a"), CHILD], {"n": 1})
    task_of(run, "inner", [code("b")])
    (due,) = advance_run(run_id=run.id, at=now())
    execute_step(step_id=due.step_id, turn=0, at=now())
    drive = Drive(run)
    drive.answer_calls(step_of(run, "a"))
    with written_by_another_release(task_name="inner"):
        resume_step(step_id=due.step_id, turn=0, at=now())
        left = step_of(run, "a")
        assert (left.status, left.attempt, left.turn) == ("RETRYING", 1, 1)
        assert statuses(run)["child"] == "PENDING"
    assert drive.pass_time(LEFT_SECONDS).to_the_end().status == "COMPLETED"
    assert kinds_of(run).count("a call.finished") == 1


def test_a_step_that_lost_its_workers_is_given_up_by_a_worker_that_can_read_its_run(
    make_run: RunMaker,
) -> None:
    run = make_run([code("a")])
    lost = now() - STEP_LEASE
    Step.objects.filter(run=run).update(
        status="RUNNING", lease_expires_at=lost, takeovers=MAX_TAKEOVERS - 1
    )
    step = step_of(run, "a")
    with foreign(run):
        assert execute_step(step_id=step.id, turn=0, at=now()) == []
        assert step_of(run, "a").status == "RUNNING"
    execute_step(step_id=step.id, turn=0, at=now())
    assert step_of(run, "a").error["code"] == "worker_lost"


def test_recovery_goes_on_past_steps_of_another_release(make_run: RunMaker) -> None:
    past = now() - timedelta(seconds=1)
    theirs, ours = make_run([code("a")]), make_run([code("a")])
    for run in (theirs, ours):
        Step.objects.filter(run=run).update(status="QUEUED", deadline_at=past)
    with foreign(theirs):
        recover(at=now())
        assert (statuses(theirs), statuses(ours)) == ({"a": "QUEUED"}, {"a": "FAILED"})
    recover(at=now())
    assert statuses(theirs) == {"a": "FAILED"}


def test_waits_of_another_release_s_runs_end_once_a_worker_can_read_them(
    make_run: RunMaker,
) -> None:
    run = make_run([{"name": "w", "kind": "wait", "seconds": 5}])
    past = now() - timedelta(seconds=1)
    Step.objects.filter(run=run).update(status="WAITING", waits_for="time", wait_until=past)
    with foreign(run):
        recover(at=now())
        assert statuses(run) == {"w": "WAITING"}
    recover(at=now())
    assert statuses(run) == {"w": "SUCCESS"}


def test_runs_of_another_release_are_cancelled_and_expire_all_the_same(
    make_run: RunMaker,
) -> None:
    cancelled, overdue = make_run([code("a")]), make_run([code("a")])
    Run.objects.filter(id=overdue.id).update(deadline_at=now())
    with foreign(cancelled), foreign(overdue):
        cancel_run(run_id=cancelled.id, at=now())
        recover(at=now())
    for run, status in ((cancelled, "CANCELLED"), (overdue, "TIMEOUT")):
        run.refresh_from_db()
        assert run.status == status


def test_who_starts_or_answers_a_run_of_another_release_is_told_to_ask_again(
    make_run: RunMaker,
) -> None:
    run = make_run([{"name": "ok", "kind": "approval", "question": "?"}])
    Step.objects.filter(run=run).update(status="WAITING", waits_for="approval")
    task = run.task_version.task
    with foreign(run):
        with pytest.raises(OtherRelease, match="the one that wrote it can"):
            approve_step(run_id=run.id, name="ok", option=None, comment="", by="me", at=now())
        with pytest.raises(OtherRelease) as refused:
            create_run(version=newest_version(task), given={}, created_by=None, at=now())
    assert (refused.value.status, refused.value.is_retryable) == (503, True)
