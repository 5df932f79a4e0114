"""Agents that use the tools of their tenant's MCP servers."""

import pytest

from agentplatform.core.clock import now
from apps.gateway.models import LlmCall
from apps.runs.models import Run
from apps.tenants.models import Tenant
from apps.tools.models import McpServer, McpTool, ToolCall
from tests.integration.runs.conftest import RunMaker, step_of
from tests.integration.runs.drive import Drive, Model
from tests.integration.runs.test_flow import agent

PARAMETERS = {"type": "object", "properties": {"email": {"type": "string"}}}
FIND = {"name": "crm__find", "arguments": {"email": "ann@example.org"}}
AGENT = agent(tools=["crm__find"])


@pytest.fixture
def crm(tenant: Tenant) -> McpServer:
    at = now()
    server = McpServer.objects.create(
        tenant=tenant, name="crm", url="https://mcp.example.org", created_at=at, refreshed_at=at
    )
    McpTool.objects.create(
        tenant=tenant, server=server, name="find", called="crm__find", description="Find one.",
        parameters=PARAMETERS,
    )  # fmt: skip
    return server


def error_of(run: Run) -> str:
    return str(step_of(run, "agent").error["detail"])


def test_an_agent_is_offered_a_servers_tool_and_calls_it(
    make_run: RunMaker, crm: McpServer
) -> None:
    run = Drive(make_run([AGENT]), lambda _: {"id": 7}, Model(FIND)).until_still()
    assert run.status == "COMPLETED", run.error
    (offered,) = LlmCall.objects.order_by("turn")[0].request["tools"]
    assert (offered["name"], offered["description"]) == ("crm__find", "Find one.")
    assert offered["parameters"] == PARAMETERS
    call = ToolCall.objects.get()
    assert (call.tool, call.arguments, call.is_repeatable) == (
        "crm__find",
        FIND["arguments"],
        False,
    )


def test_arguments_that_do_not_fit_are_told_to_the_model(
    make_run: RunMaker, crm: McpServer
) -> None:
    wrong = {**FIND, "arguments": {"email": 5}}
    run = Drive(make_run([AGENT]), say=Model(wrong)).until_still()
    assert run.status == "COMPLETED", run.error
    told = LlmCall.objects.order_by("-turn")[0].request["messages"][-1]["content"]
    assert "5 is not of type 'string'" in told


def test_a_step_whose_server_was_switched_off_fails_in_words(
    make_run: RunMaker, crm: McpServer
) -> None:
    drive = Drive(make_run([AGENT]), say=Model())
    McpServer.objects.update(is_enabled=False)
    run = drive.until_still()
    assert run.status == "FAILED"
    assert "There is no tool `crm__find` any more" in error_of(run)
