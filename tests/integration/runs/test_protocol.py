"""Claims, fences and doubles: rows decide, messages hint."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from agentplatform.calls.contracts import CallFailure
from agentplatform.core.clock import now
from agentplatform.core.tenancy import tenant_scope
from agentplatform.core.transactions import scope_connection, transaction
from apps.runs.contracts import IdempotencyMismatch, InvalidRunInput, RunFinished
from apps.runs.selectors import newest_version
from apps.runs.services.advance_run import advance_run
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.claim_step import STEP_LEASE, claim_step
from apps.runs.services.commit_turn import commit_turn
from apps.runs.services.create_run import create_run
from apps.runs.services.execute_step import execute_step
from apps.runs.services.finalize_run import finalize_run
from apps.runs.services.lock_run import lock_run
from apps.runs.services.recover import recover
from apps.runs.services.resume_step import resume_step
from apps.runs.services.transition import record_event
from apps.runs.services.turns.turn import Failed, Finished
from apps.tools.models import ToolCall
from apps.tools.tasks import execute
from tests.integration.runs.conftest import RunMaker, Sent, kinds_of, step_of
from tests.integration.runs.steps_under_way import code, started, waiting

LATER = timedelta(seconds=60)
DJANGOS = ("BEGIN", "COMMIT")
"""Told to Django, and not sent: the backend has them go along with a statement."""
AGENT = {"name": "a", "kind": "agent", "instructions": "x", "prompt": "y"}


def test_a_new_run_asks_to_be_advanced_once_it_is_committed(make_run: RunMaker, sent: Sent) -> None:
    run = make_run([code()])
    assert sent() == [("runs.advance_run", {"run_id": str(run.id)})]


def test_advancing_twice_starts_nothing_twice(make_run: RunMaker) -> None:
    run = make_run([code("a"), code("b", needs=[])])
    assert len(advance_run(run_id=run.id, at=now())) == 2
    before = kinds_of(run)
    assert advance_run(run_id=run.id, at=now()) == []
    assert kinds_of(run) == before


def test_a_second_message_finds_nothing_to_claim(make_run: RunMaker) -> None:
    step = waiting(make_run([code()]))
    execute_step(step_id=step.id, turn=0, at=now())
    assert ToolCall.objects.filter(step_id=step.id).count() == 1


def test_a_turn_commits_its_call_and_then_sends_it_with_the_way_home(
    make_run: RunMaker, sent: Sent
) -> None:
    run = make_run([code()])
    sent()
    step = waiting(run)
    call = ToolCall.objects.get(step_id=step.id)
    assert sent() == [("tools.execute", {"call_id": str(call.id)})]


def test_a_held_step_cannot_be_claimed_until_its_lease_expires(make_run: RunMaker) -> None:
    step = started(make_run([code()]))
    at = now()
    assert claim_step(step_id=step.id, turn=0, at=at)
    assert claim_step(step_id=step.id, turn=0, at=at + STEP_LEASE / 2) is None
    assert claim_step(step_id=step.id, turn=0, at=at + STEP_LEASE)


def test_a_worker_that_lost_its_lease_writes_nothing(make_run: RunMaker) -> None:
    run = make_run([code()])
    step = started(run)
    zombie = claim_step(step_id=step.id, turn=0, at=now())
    heir = claim_step(step_id=step.id, turn=0, at=now() + LATER)
    assert zombie
    assert heir
    before = kinds_of(run)
    commit_turn(zombie, Finished(output={"by": "zombie"}), at=now() + LATER)
    assert kinds_of(run) == before
    commit_turn(heir, Finished(output={"by": "heir"}), at=now() + LATER)
    assert step_of(run, "a").output == {"by": "heir"}


def test_a_turn_is_written_though_its_run_was_written_meanwhile(make_run: RunMaker) -> None:
    run = make_run([code()])
    step = started(run)
    claim = claim_step(step_id=step.id, turn=0, at=now())
    with transaction():
        record_event(lock_run(run.id), "run.noticed", at=now())
    assert claim
    commit_turn(claim, Finished(output={"said": 1}), at=now())
    run.refresh_from_db()
    assert (run.status, step_of(run, "a").output) == ("COMPLETED", {"said": 1})
    assert kinds_of(run).count("run.noticed") == 1
    assert [event.seq for event in run.events.order_by("seq")] == [*range(1, run.event_seq + 1)]


def test_a_turn_beside_which_nothing_is_under_way_is_written_in_one_round_trip(
    make_run: RunMaker,
) -> None:
    run = make_run([code("a"), code("b", needs=["a"])])
    step = started(run)
    with tenant_scope(run.tenant_id):
        claim = claim_step(step_id=step.id, turn=0, at=now())
        assert claim
        with CaptureQueriesContext(scope_connection()) as sent:
            commit_turn(claim, Finished(output={}), at=now(), goes_on=True)
    (text,) = (one["sql"] for one in sent if one["sql"] not in DJANGOS)
    assert text.endswith("; commit")


def test_a_step_that_loses_its_worker_three_times_is_given_up(make_run: RunMaker) -> None:
    run = make_run([code()])
    step = started(run)
    for takeover in range(4):
        claim_step(step_id=step.id, turn=0, at=now() + takeover * LATER)
    run.refresh_from_db()
    assert (run.status, run.error["code"]) == ("FAILED", "worker_lost")


def test_a_resume_before_the_call_is_finished_does_nothing(make_run: RunMaker) -> None:
    step = waiting(make_run([code()]))
    resume_step(step_id=step.id, turn=0, at=now())
    step.refresh_from_db()
    assert step.status == "WAITING"


def test_a_double_resume_takes_the_turn_once(make_run: RunMaker) -> None:
    run = make_run([code()])
    step = waiting(run)
    execute(call_id=str(ToolCall.objects.get(step_id=step.id).id))
    for _ in range(3):
        resume_step(step_id=step.id, turn=0, at=now())
    run.refresh_from_db()
    assert run.status == "COMPLETED"
    assert kinds_of(run).count("a step.success") == 1


def test_a_retryable_failure_waits_in_the_row_and_comes_back(
    make_run: RunMaker, sent: Sent
) -> None:
    run = make_run([code(retry={"max_attempts": 2, "backoff": [0, 2]})])
    step = started(run)
    failure = CallFailure(code="flaky", detail="try again", is_retryable=True)
    at = now()
    claim = claim_step(step_id=step.id, turn=0, at=at)
    assert claim
    commit_turn(claim, Failed(failure=failure), at=at)
    step.refresh_from_db()
    assert (step.status, step.attempt, step.next_attempt_at) == (
        "RETRYING", 2, at + timedelta(seconds=2),
    )  # fmt: skip
    sent()
    assert recover(at=at + timedelta(seconds=1)) == {}
    assert recover(at=at + timedelta(seconds=2)) == {"retries": 1}
    assert sent() == [("runs.execute_step", {"step_id": str(step.id), "turn": 0})]


def test_a_step_is_not_repeated_while_the_breaker_of_its_model_is_open(
    make_run: RunMaker,
) -> None:
    run = make_run([code(retry={"max_attempts": 2, "backoff": [0, 2]})])
    step = started(run)
    failure = CallFailure(code="circuit_open", detail="later", is_retryable=True)
    at = now()
    claim = claim_step(step_id=step.id, turn=0, at=at)
    assert claim
    commit_turn(claim, Failed(failure=failure), at=at)
    step.refresh_from_db()
    assert step.next_attempt_at == at + timedelta(seconds=settings.PLATFORM.breaker_open_seconds)


def test_a_run_past_its_deadline_times_out(make_run: RunMaker) -> None:
    run = make_run([code()], spec={"defaults": {"timeout_seconds": 30}})
    waiting(run)
    recover(at=now() + LATER)
    run.refresh_from_db()
    assert (run.status, run.error["code"]) == ("TIMEOUT", "timeout")
    assert step_of(run, "a").status == "CANCELLED"


def test_a_cancelled_run_starts_no_call_and_takes_no_turn(make_run: RunMaker) -> None:
    run = make_run([code()])
    step = waiting(run)
    cancel_run(run_id=run.id, at=now())
    call = ToolCall.objects.get(step_id=step.id)
    execute(call_id=str(call.id))
    call.refresh_from_db()
    assert call.status == "CANCELLED"
    resume_step(step_id=step.id, turn=0, at=now())
    run.refresh_from_db()
    assert run.status == "CANCELLED"
    assert kinds_of(run)[-2:] == ["a step.cancelled", "run.cancelled"]


def test_a_turn_that_was_under_way_when_its_run_was_cancelled_writes_nothing(
    make_run: RunMaker,
) -> None:
    run = make_run([code()])
    step = started(run)
    claim = claim_step(step_id=step.id, turn=0, at=now())
    assert claim
    cancel_run(run_id=run.id, at=now())
    commit_turn(claim, Finished(output={}), at=now())
    assert step_of(run, "a").status == "CANCELLED"


def test_only_a_run_in_flight_can_be_cancelled(make_run: RunMaker) -> None:
    run = make_run([code()])
    cancel_run(run_id=run.id, at=now())
    with pytest.raises(RunFinished):
        cancel_run(run_id=run.id, at=now())


def test_finalizing_twice_does_it_once(make_run: RunMaker) -> None:
    run = make_run([AGENT])
    assert not finalize_run(run_id=run.id, at=now())
    cancel_run(run_id=run.id, at=now())
    assert finalize_run(run_id=run.id, at=now())
    assert not finalize_run(run_id=run.id, at=now())


def test_a_run_that_left_nothing_to_prune_is_finalized_at_its_end(
    make_run: RunMaker, sent: Sent
) -> None:
    run = make_run([code()])
    sent()
    cancel_run(run_id=run.id, at=now())
    run.refresh_from_db()
    assert run.finalized_at == run.completed_at
    assert sent() == []


def test_the_same_idempotency_key_gives_the_same_run(make_run: RunMaker) -> None:
    run = make_run([code()], {"x": 1}, idempotency_key="k")
    task = run.task_version.task
    again, is_new = create_run(
        version=newest_version(task), given={"x": 1}, created_by=None, at=now(), idempotency_key="k"
    )
    assert (again.id, is_new) == (run.id, False)
    with pytest.raises(IdempotencyMismatch):
        create_run(
            version=newest_version(task),
            given={"x": 2},
            created_by=None,
            at=now(),
            idempotency_key="k",
        )


def test_an_input_that_breaks_the_schema_is_refused_by_field(make_run: RunMaker) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    with pytest.raises(InvalidRunInput) as caught:
        make_run([code()], {"n": "x"}, spec={"inputs": schema})
    assert set(caught.value.errors) == {"input.n"}


def test_outputs_with_nul_surrogates_and_nan_are_stored_clean(make_run: RunMaker) -> None:
    run = make_run([code()])
    step = started(run)
    claim = claim_step(step_id=step.id, turn=0, at=now())
    assert claim
    commit_turn(claim, Finished(output={"a": "x\x00y\ud800", "b": float("nan")}), at=now())
    assert step_of(run, "a").output == {"a": "xy�", "b": None}


def test_every_change_is_a_log_line_once_it_is_committed(make_run: RunMaker) -> None:
    run = make_run([code()], {"secret": "hunter2"})
    with capture_logs() as lines:
        advance_run(run_id=run.id, at=now())
        claim = claim_step(step_id=step_of(run, "a").id, turn=0, at=now())
        assert claim
        commit_turn(claim, Finished(output={"said": "hunter2"}), at=now())
    told = [line for line in lines if line.get("run_id") == str(run.id)]
    assert [line["event"] for line in told] == [
        "run.running", "step.queued", "step.running", "step.success", "run.completed",
    ]  # fmt: skip
    assert told[3]["step"] == "a"
    assert {"tenant_id", "step_id", "attempt", "duration_ms", "tokens_used"} <= set(told[3])
    assert "hunter2" not in str(told)
