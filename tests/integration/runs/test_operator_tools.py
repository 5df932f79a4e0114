"""Agents that use the tools of an operator's packages."""

from apps.gateway.models import LlmCall
from apps.tools.models import ToolCall
from tests.installed_tool import InstallTool, forget_installed
from tests.integration.runs.conftest import RunMaker, step_of
from tests.integration.runs.drive import Drive, Model
from tests.integration.runs.test_flow import agent

DOUBLE = {"name": "double", "arguments": {"n": 2}}


def test_an_agent_is_offered_an_operators_tool_and_calls_it(
    make_run: RunMaker, install_tool: InstallTool
) -> None:
    install_tool("double")
    drive = Drive(make_run([agent(tools=["double"])]), lambda _: 4, Model(DOUBLE))
    run = drive.until_still()
    assert run.status == "COMPLETED", run.error
    (offered,) = LlmCall.objects.order_by("turn")[0].request["tools"]
    assert (offered["name"], offered["description"]) == ("double", "Doubles.")
    assert (ToolCall.objects.get().tool, ToolCall.objects.get().arguments) == ("double", {"n": 2})


def test_a_tool_that_is_gone_fails_the_step_in_words(
    make_run: RunMaker, install_tool: InstallTool, monkeypatch
) -> None:
    install_tool("double")
    drive = Drive(make_run([agent(tools=["double"])]), say=Model())
    monkeypatch.undo()
    forget_installed()
    run = drive.until_still()
    assert run.status == "FAILED"
    assert step_of(run, "agent").error["detail"] == (
        "There is no tool `double` any more; take it out of the step, or bring it back."
    )
