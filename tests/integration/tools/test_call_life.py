"""Deliveries, leases, cancellations and dead workers: a tool call is done once."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connections

from agentplatform.core.clock import now
from agentplatform.core.leases import CALL_LEASE
from agentplatform.core.tenancy import APPLICATION
from agentplatform.core.wait import wait_for
from apps.tools import facade
from apps.tools.models import Artifact, ToolCall
from apps.tools.runners.work import ToolFailure
from apps.tools.services.claim_call import claim_call
from apps.tools.services.execute_call import execute_call
from apps.tools.services.finish_call import fail_call
from apps.tools.services.leases import leases
from apps.tools.tasks import execute
from tests.outcomes import outcomes_of

SECONDS = timedelta(seconds=1)
FAILURE = ToolFailure("x", "x")


def outcome_of(call):
    (outcome,) = outcomes_of(facade, step_id=call.step_id, attempt=call.attempt, turn=call.turn)
    return outcome


def run(call):
    execute_call(call_id=call.id, clock=now)
    call.refresh_from_db()
    return outcome_of(call)


def test_the_second_delivery_does_nothing(plan_call):
    call = plan_call(arguments={"program": "open('artifacts/a', 'w').close(); print(1)"})
    run(call)
    finished = call.completed_at
    run(call)
    assert (call.executions, call.completed_at) == (1, finished)
    assert Artifact.objects.count() == 1


def test_a_call_with_an_artifact_takes_three_round_trips(plan_call):
    made = {"program": "open('artifacts/a', 'w').close()"}
    first, second = plan_call(arguments=made), plan_call(arguments=made)
    execute(call_id=str(first.id))  # learns the limits
    sent = []

    def note(send, statement, *rest):
        sent.append(statement)
        return send(statement, *rest)

    with connections[APPLICATION].execute_wrapper(note):
        execute(call_id=str(second.id))
    assert [statement.split()[0] for statement in sent] == ["update", "with"]  # and a COMMIT
    assert Artifact.objects.filter(call_id=second.id).count() == 1


def test_the_task_returns_the_id_and_ignores_unknown_keywords(plan_call):
    call = plan_call()
    assert execute(call_id=str(call.id), sent_by="a newer release") == str(call.id)
    assert outcome_of(call).is_finished


def test_the_signature_is_immutable_and_names_the_call(plan_call):
    call = plan_call()
    signature = facade.tool_call_signature(call_id=call.id)
    assert signature.immutable
    assert (signature.task, signature.kwargs) == ("tools.execute", {"call_id": str(call.id)})


def test_a_missing_call_is_harmless(transactional_db):
    execute_call(call_id=uuid.uuid4(), clock=now)


def test_two_workers_never_hold_one_call(plan_call):
    call = plan_call()
    at = now()
    assert claim_call(call_id=call.id, at=at) is not None
    assert claim_call(call_id=call.id, at=at) is None


def test_a_call_whose_lease_has_expired_is_taken_over_and_the_first_worker_is_fenced(plan_call):
    call = plan_call()
    at = now()
    first = claim_call(call_id=call.id, at=at)
    later = at + CALL_LEASE + SECONDS
    second = claim_call(call_id=call.id, at=later)
    assert second.executions == 2
    assert fail_call(call=first, failure=FAILURE, duration_ms=1, at=later) is False
    assert fail_call(call=second, failure=FAILURE, duration_ms=1, at=later) is True


def test_a_fenced_worker_leaves_no_artifact(plan_call, monkeypatch):
    call = plan_call(arguments={"program": "open('artifacts/a', 'w').close()"})
    times = iter([now(), now() + CALL_LEASE + SECONDS])

    def steal():
        at = next(times)
        if at > now():
            assert claim_call(call_id=call.id, at=at) is not None
        return at

    execute_call(call_id=call.id, clock=steal)
    call.refresh_from_db()
    assert call.status == "RUNNING"
    assert Artifact.objects.count() == 0


def test_a_call_lost_three_times_is_given_up(plan_call):
    call = plan_call()
    at = now()
    for _ in range(3):
        assert claim_call(call_id=call.id, at=at) is not None
        at += CALL_LEASE + SECONDS
    assert claim_call(call_id=call.id, at=at) is None
    outcome = outcome_of(call)
    assert outcome.is_finished
    assert (outcome.failure.code, outcome.failure.is_retryable) == ("worker_lost", False)


def test_a_post_is_not_sent_again_after_its_worker_was_lost(plan_call):
    call = plan_call("http", {"url": "https://example.org", "method": "POST"})
    at = now()
    assert claim_call(call_id=call.id, at=at) is not None
    assert claim_call(call_id=call.id, at=at + CALL_LEASE + SECONDS) is None
    assert outcome_of(call).failure.code == "outcome_unknown"


def test_a_queued_call_of_a_cancelled_run_never_starts(plan_call):
    call = plan_call()
    assert facade.cancel_calls(run_id=call.run_id, at=now()) == 1
    assert facade.cancel_calls(run_id=call.run_id, at=now()) == 0
    outcome = run(call)
    assert (call.status, call.executions) == ("CANCELLED", 0)
    assert outcome.failure.code == "cancelled"


def test_a_running_call_of_a_cancelled_run_is_killed_and_records_nothing(plan_call):
    call = plan_call(arguments={"program": "import time; time.sleep(60)"}, timeout_seconds=60.0)
    worker = threading.Thread(target=execute_in_thread, args=(call,))
    worker.start()
    wait_for(
        lambda: ToolCall.objects.filter(id=call.id, status="RUNNING").exists(),
        timeout_seconds=10,
        what="the claim",
    )
    token = ToolCall.objects.get(id=call.id).lease_token
    wait_for(lambda: token in leases.held, timeout_seconds=10, what="the lease to be held")
    facade.cancel_calls(run_id=call.run_id, at=now())
    leases.renew_held()
    worker.join(10)
    assert not worker.is_alive()
    call.refresh_from_db()
    assert (call.status, call.response) == ("CANCELLED", None)


def execute_in_thread(call):
    from django.db import connection

    try:
        execute(call_id=str(call.id))
    finally:
        connection.close()


def test_a_renewal_extends_the_lease_and_keeps_the_work_going(plan_call):
    call = plan_call()
    claimed = claim_call(call_id=call.id, at=now() - 10 * SECONDS)
    with leases.hold(claimed.lease_token, tenant_id=claimed.tenant_id) as stop:
        leases.renew_held()
        assert not stop.is_set()
    call.refresh_from_db()
    assert call.lease_expires_at > now() + CALL_LEASE - 2 * SECONDS


def test_a_tool_that_breaks_fails_its_call_and_may_be_retried(plan_call, monkeypatch):
    from apps.tools.runners.registry import TOOLS
    from apps.tools.runners.work import Tool

    def crash(work):
        raise RuntimeError("boom")

    monkeypatch.setitem(TOOLS, "code", Tool(description=TOOLS["code"].description, run=crash))
    outcome = run(plan_call())
    assert (outcome.failure.code, outcome.failure.is_retryable) == ("tool_crashed", True)
    assert "boom" not in outcome.failure.detail


def test_a_call_whose_files_cannot_be_stored_fails_and_may_be_retried(plan_call, artifact_folder):
    artifact_folder.write_text("in the way")
    outcome = run(plan_call(arguments={"program": "open('artifacts/a', 'w').close()"}))
    assert (outcome.failure.code, outcome.failure.is_retryable) == ("store_unavailable", True)
    assert Artifact.objects.count() == 0


def test_a_machine_without_bubblewrap_refuses_and_never_runs_unjailed(
    plan_call, monkeypatch, tmp_path
):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(
        "apps.tools.runners.bubblewrap.equipment.importlib.util.find_spec", lambda _: None
    )
    from apps.tools.runners.bubblewrap.equipment import find_equipment

    find_equipment.cache_clear()
    outcome = run(plan_call())
    assert outcome.failure.code == "sandbox_unavailable"
    assert "install the package bubblewrap" in outcome.failure.detail


@pytest.mark.parametrize(
    ("created", "dispatched", "is_due"),
    [(1, None, False), (3, None, True), (60, 10, False), (60, 31, True)],
)
def test_a_queued_call_is_due_once_its_message_may_be_lost(plan_call, created, dispatched, is_due):
    at = now()
    call = plan_call(at=at - created * SECONDS)
    sent_at = None if dispatched is None else at - dispatched * SECONDS
    facade.mark_dispatched(call_ids=[call.id], at=sent_at)
    due = facade.due_calls(at=at, limit=10)
    assert [one.call_id for one in due] == ([call.id] if is_due else [])


def test_a_running_call_is_due_once_its_lease_has_expired(plan_call):
    call = plan_call()
    at = now()
    claim_call(call_id=call.id, at=at)
    assert facade.due_calls(at=at + SECONDS, limit=10) == []
    (due,) = facade.due_calls(at=at + CALL_LEASE, limit=10)
    assert (due.call_id, due.kind, due.step_id, due.turn) == (call.id, "tool", call.step_id, 1)


def test_a_finished_call_is_never_due(plan_call):
    call = plan_call("nope", {}, at=now() - 100 * SECONDS)
    assert facade.due_calls(at=now(), limit=10) == []
    assert facade.steps_with_open_calls(step_ids=[call.step_id]) == set()
