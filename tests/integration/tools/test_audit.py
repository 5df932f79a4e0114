"""What stays of a call for those who look later."""

import pytest
from django.db import connections
from prometheus_client import REGISTRY

from agentplatform.core.clock import now
from agentplatform.core.mask import MASK
from apps.tools import facade
from apps.tools.models import ToolCall
from apps.tools.runners.registry import TOOLS
from apps.tools.runners.work import Ran, Tool, ToolFailure
from apps.tools.services.execute_call import execute_call

SECRET = "hush-hush-hush"
ASKED = {"url": "https://example.org/", "headers": {"Authorization": f"Bearer {SECRET}"}}


@pytest.fixture
def answer(monkeypatch):
    """`answer(tool, ran)`: what a tool leaves; returns the works that it was given."""

    def replace(tool, ran):
        works = []

        def run(work):
            works.append(work)
            if isinstance(ran, ToolFailure):
                raise ran
            return ran

        monkeypatch.setitem(TOOLS, tool, Tool(description=TOOLS[tool].description, run=run))
        return works

    return replace


def run(call):
    execute_call(call_id=call.id, clock=now)
    call.refresh_from_db()


def everything(call):
    """The row as the database holds it."""
    with connections["admin"].cursor() as cursor:
        cursor.execute("select t::text from tool_events t where id = %s", [call.id])
        return cursor.fetchone()[0]


def test_a_tool_gets_the_secrets_that_nobody_is_shown(plan_call, answer):
    works = answer("http", Ran(status="ok", backend="worker"))
    call = plan_call("http", ASKED)
    assert call.arguments["headers"] == {"Authorization": MASK}
    assert SECRET not in everything(call)
    assert call.sealed_arguments
    run(call)
    assert works[0].arguments == ASKED
    assert call.arguments["headers"] == {"Authorization": MASK}
    assert call.sealed_arguments == ""


def test_a_failed_call_holds_no_secret_either(plan_call, answer):
    answer("http", ToolFailure("unreachable", "It does not answer."))
    call = plan_call("http", ASKED)
    run(call)
    assert (call.status, call.sealed_arguments) == ("FAILED", "")


def test_a_failed_call_names_its_ecs_task(plan_call, answer):
    answer("http", ToolFailure("task_failed", "It stopped.", task_arn="arn:aws:ecs:task/1"))
    call = plan_call("http", ASKED)
    run(call)
    assert (call.status, call.task_arn) == ("FAILED", "arn:aws:ecs:task/1")


def test_a_call_that_is_not_to_be_made_holds_no_secret(plan_call):
    call = plan_call("http", {**ASKED, "surplus": 1})
    assert (call.status, call.sealed_arguments) == ("FAILED", "")
    assert SECRET not in everything(call)


def test_arguments_without_secrets_are_kept_as_they_are(plan_call):
    call = plan_call("code", {"program": "print(1)"})
    assert (call.arguments, call.sealed_arguments) == ({"program": "print(1)"}, "")


def test_a_call_says_what_it_did_where_and_at_what_cost(plan_call, answer):
    arn = "arn:aws:ecs:eu-west-1:1:task/tools/abc"
    answer(
        "code",
        Ran(status="ok", backend="fargate", task_arn=arn, cpu_ms=7, peak_memory_bytes=9),
    )
    call = plan_call("code")
    assert call.action == "python"
    run(call)
    assert (call.backend, call.task_arn) == ("fargate", arn)
    assert (call.cpu_ms, call.peak_memory_bytes) == (7, 9)


def test_the_calls_of_a_run_are_listed_by_tool_and_status(plan_call, make_plan, answer, tenant):
    answer("http", Ran(status="error", backend="worker", detail="No."))
    place = {"run_id": make_plan().run_id}
    waiting = plan_call("code", **place, index=0)
    failed = plan_call("http", ASKED, **place, index=1)
    plan_call("code")
    run(failed)

    def ids(**given):
        rows = facade.calls_of_run(tenant_id=tenant.id, run_id=place["run_id"], **given)
        return {row.id for row in rows}

    assert ids() == {waiting.id, failed.id}
    assert ids(tool="http") == ids(status="FAILED") == {failed.id}
    assert ids(tool="http", status="QUEUED") == set()
    assert facade.sum_up_call(failed).error_code == "error"


def sample(name, **labels):
    return REGISTRY.get_sample_value(name, labels) or 0


def test_calls_are_counted_by_tool_and_end(plan_call, answer):
    before = sample("tool_calls_total", tool="http", status="unreachable")
    timed = sample("tool_call_duration_seconds_count", tool="http")
    answer("http", ToolFailure("unreachable", "It does not answer."))
    call = plan_call("http", ASKED)
    for _ in range(2):
        run(call)
    assert sample("tool_calls_total", tool="http", status="unreachable") == before + 1
    assert sample("tool_call_duration_seconds_count", tool="http") == timed + 1
    assert ToolCall.objects.get(id=call.id).executions == 1
