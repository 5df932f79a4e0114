"""Calls of a registered server's tools, from the plan to what is recorded."""

import pytest

from agentplatform.core.clock import now
from apps.tools import facade
from apps.tools.models import McpTool
from apps.tools.services.change_mcp_server import change_mcp_server, delete_mcp_server
from apps.tools.services.execute_call import execute_call
from apps.tools.services.find_tools import describe_tools
from apps.tools.services.register_mcp_server import register_mcp_server
from apps.tools.services.set_tool_secret import set_tool_secret
from tests.outcomes import outcomes_of

TOKEN = "s3cret-of-the-tenant"


@pytest.fixture
def registered(tenant, server, way):
    made = register_mcp_server(tenant_id=tenant.id, name="crm", url=server.url, secret="", at=now())
    server.headers.clear()
    return made


def execute(planned):
    execute_call(call_id=planned.id, clock=now)
    (outcome,) = outcomes_of(
        facade, step_id=planned.step_id, attempt=planned.attempt, turn=planned.turn
    )
    return outcome


def test_a_call_is_made_and_its_result_recorded(registered, plan_call):
    planned = plan_call("crm__add", {"a": 40, "b": 2})
    assert planned.is_repeatable
    outcome = execute(planned)
    assert outcome.output["value"] == {"total": 42}
    planned.refresh_from_db()
    assert planned.backend == "mcp"


def test_pictures_are_kept_as_artifacts(registered, plan_call):
    (artifact,) = execute(plan_call("crm__draw", {})).output["artifacts"]
    assert (artifact["name"], artifact["media_type"]) == ("image-2.png", "image/png")


def test_a_call_whose_effect_nobody_promises_is_not_repeated(registered, plan_call):
    assert not plan_call("crm__say", {"text": "hello"}).is_repeatable


def test_arguments_that_do_not_fit_are_refused_before_anything_is_sent(
    registered, plan_call, server
):
    planned = plan_call("crm__add", {"a": "many", "b": 2})
    assert planned.error["code"] == "invalid_arguments"
    assert planned.error["detail"] == "arguments.a: 'many' is not of type 'integer'"
    assert server.headers == []


def test_a_schema_that_changed_at_the_server_fails_the_call_in_words(registered, plan_call):
    McpTool.objects.filter(called="crm__add").update(parameters={"type": "object"})
    outcome = execute(plan_call("crm__add", {"a": "many"}))
    assert outcome.failure.code == "error"
    assert "valid integer" in outcome.failure.detail


def test_the_tenants_secret_is_sent_and_not_recorded(registered, plan_call, server, tenant):
    host = f"http://{server.host}:{server.port}"
    set_tool_secret(tenant_id=tenant.id, name="token", value=TOKEN, hosts=[host], at=now())
    change_mcp_server(tenant_id=tenant.id, server_id=registered.id, secret="token", at=now())
    planned = plan_call("crm__say", {"text": "hello"})
    assert execute(planned).output["value"] == {"result": "hello"}
    assert {headers["authorization"] for headers in server.headers} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("end", ["delete", "disable"])
def test_a_planned_call_of_a_server_that_has_gone_fails(registered, plan_call, tenant, end):
    planned = plan_call("crm__add", {"a": 1, "b": 2})
    ids = {"tenant_id": tenant.id, "server_id": registered.id, "at": now()}
    if end == "delete":
        delete_mcp_server(**ids)
    else:
        change_mcp_server(**ids, is_enabled=False)
    assert execute(planned).failure.code == "unknown_tool"


def test_a_tool_of_another_tenant_cannot_be_called(registered, plan_call, other_tenant):
    planned = plan_call("crm__add", {"a": 1, "b": 2}, tenant_id=other_tenant.id)
    assert planned.error["code"] == "invalid_arguments"
    assert "There is no tool 'crm__add'" in planned.error["detail"]


def test_the_database_is_not_asked_for_tools_that_no_server_can_have(
    tenant, django_assert_num_queries
):
    with django_assert_num_queries(0):
        assert len(describe_tools(tenant_id=tenant.id, names=["code", "http"])) == 2
