"""A tool call from its plan to what is recorded of it."""

import uuid
from datetime import timedelta

import pytest

from agentplatform.core.clock import now
from agentplatform.core.postgresql.batch import Batch
from agentplatform.core.transactions import NoTransaction, transaction
from apps.tools import facade
from apps.tools.contracts import ToolRequest
from apps.tools.models import ToolCall
from apps.tools.runners.work import ToolFailure
from apps.tools.services.execute_call import execute_call
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


def test_a_plan_made_twice_is_one_call(make_plan):
    plan = make_plan()
    request = ToolRequest(tool="code", arguments={"program": "print(1)"})
    ids = set()
    for _ in range(2):
        batch = Batch()
        planned = facade.plan_tool_calls(batch, wanted=[(plan, request)], at=now())
        with transaction():
            batch.execute()
            ids.update(planned())
    assert len(ids) == 1
    assert ToolCall.objects.count() == 1


def test_a_plan_needs_the_callers_transaction(make_plan):
    request = ToolRequest(tool="code", arguments={"program": "print(1)"})
    batch = Batch()
    facade.plan_tool_calls(batch, wanted=[(make_plan(), request)], at=now())
    with pytest.raises(NoTransaction):
        batch.execute()


@pytest.mark.parametrize(("tool", "arguments"), [("nope", {}), ("code", {"programme": "x"})])
def test_wrong_arguments_make_a_call_that_has_failed(plan_call, tool, arguments):
    outcome = outcome_of(plan_call(tool, arguments))
    assert outcome.is_finished
    assert outcome.failure.code == "invalid_arguments"
    assert not outcome.failure.is_retryable


def test_arguments_that_jsonb_refuses_are_cleaned(plan_call):
    call = plan_call("code", {"program": "print('\x00\ud800')", "input": float("nan")})
    assert call.arguments == {"program": "print('\ufffd')", "input": None}


def test_a_call_runs_and_its_result_and_artifacts_are_recorded(plan_call, tenant):
    program = "open('artifacts/a.csv', 'w').write('a,b'); print('{\"rows\": 2}')"
    call = plan_call(arguments={"program": program})
    outcome = run(call)
    assert call.status == "SUCCESS"
    assert outcome.failure is None
    assert outcome.output["value"] == {"rows": 2}
    (artifact,) = outcome.output["artifacts"]
    assert (artifact["name"], artifact["media_type"]) == ("a.csv", "text/csv")
    assert outcome.summary == {
        "tool": "code",
        "status": "ok",
        "exit_code": 0,
        "artifacts": ["a.csv"],
    }
    assert outcome.duration_ms > 0
    assert [
        ref.artifact_id for ref in facade.artifacts_of_run(tenant_id=tenant.id, run_id=call.run_id)
    ] == [uuid.UUID(artifact["artifact_id"])]
    _, content = facade.open_artifact(tenant_id=tenant.id, artifact_id=artifact["artifact_id"])
    with content:
        assert content.read() == b"a,b"


def test_a_program_that_fails_is_a_failed_call_that_keeps_its_output(plan_call):
    call = plan_call(arguments={"program": "print('so far'); raise ValueError('no rows')"})
    outcome = run(call)
    assert call.status == "FAILED"
    assert outcome.output is None
    assert outcome.failure.code == "error"
    assert "ValueError: no rows" in outcome.failure.detail
    assert not outcome.failure.is_retryable
    assert call.response["stdout"] == "so far\n"


def test_output_that_jsonb_refuses_is_recorded(plan_call):
    program = "print(chr(0)); print('\"\\\\ud800\\\\u0000x\"')"
    outcome = run(plan_call(arguments={"program": program}))
    assert outcome.output["value"] == "\ufffdx"


def test_another_tenants_artifact_cannot_be_read(plan_call, other_tenant):
    from io import BytesIO

    ref = facade.store_artifact(
        tenant_id=other_tenant.id, name="secret.csv", content=BytesIO(b"x"), at=now()
    )
    files = {"a.csv": str(ref.artifact_id)}
    outcome = run(plan_call(arguments={"program": "print(1)", "files": files}))
    assert outcome.failure.code == "invalid_arguments"
    assert "there is no artifact" in outcome.failure.detail


def test_a_stored_artifact_is_an_input(plan_call, tenant):
    from io import BytesIO

    ref = facade.store_artifact(
        tenant_id=tenant.id, name="in.csv", content=BytesIO(b"a\n1\n"), at=now()
    )
    program = "print(len(open('/box/inputs/in.csv').read()))"
    files = {"in.csv": ref.model_dump(mode="json")}
    assert run(plan_call(arguments={"program": program, "files": files})).output["value"] == 4


def test_outcomes_come_in_the_order_of_the_turn(plan_call):
    step_id = uuid.uuid4()
    for index in (2, 0, 1):
        plan_call(step_id=step_id, index=index)
    plan_call(step_id=step_id, turn=2)
    found = outcomes_of(facade, step_id=step_id, attempt=1, turn=1)
    assert [outcome.index for outcome in found] == [0, 1, 2]
    assert facade.steps_with_open_calls(step_ids=[step_id]) == {step_id}
