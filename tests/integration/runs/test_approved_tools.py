"""Agents whose tool calls a person must approve first."""

from typing import Any

import pytest

from agentplatform.core.wait import wait_for
from apps.gateway.models import LlmCall
from apps.runs.models import Ask, Run
from apps.runs.services.answer_step import approve_step, reject_step
from apps.tools.models import ToolCall
from tests.integration.runs.conftest import RunMaker, finished, step_of
from tests.integration.runs.drive import Drive, Model
from tests.integration.runs.test_flow import ADD, agent
from tests.provider import Provider

PAY = {"name": "pay", "arguments": {"a": 2, "b": 3}}
TOOLS = [ADD, {**ADD, "name": "pay"}]


def careful(make_run: RunMaker, *calls: dict[str, Any], **fields: Any) -> Drive:
    """An agent at rest after the model has asked for these calls."""
    step = agent(tools=TOOLS, needs_approval=["pay"], **fields)
    drive = Drive(make_run([step]), say=Model(*calls))
    drive.until_still()
    return drive


def ended(run: Run) -> list[dict[str, Any]]:
    assert run.status == "COMPLETED", run.error
    calls: list[dict[str, Any]] = step_of(run, "agent").output["tool_calls"]
    return calls


def told(run: Run) -> list[str]:
    """What the model was told of its calls."""
    messages = LlmCall.objects.filter(run_id=run.id).order_by("-turn")[0].request["messages"]
    return [message["content"] for message in messages if message["role"] == "tool"]


def test_a_call_that_needs_approval_is_made_once_it_is_approved(make_run: RunMaker) -> None:
    drive = careful(make_run, PAY, {**PAY, "name": "add"})
    ask = Ask.objects.get()
    assert ask.wish["details"] == {"tool": "pay", "arguments": {"a": 2, "b": 3}}
    assert ToolCall.objects.count() == 1
    approve_step(
        run_id=drive.run.id, name="agent", option=None, comment="ok", by="ann", at=drive.at
    )
    pay, add = ended(drive.until_still())
    assert (pay["name"], pay["ok"], pay["approval"]["by"]) == ("pay", True, "ann")
    assert "approval" not in add
    assert ToolCall.objects.count() == 2


def test_a_rejected_call_is_not_made_and_the_model_is_told_why(make_run: RunMaker) -> None:
    drive = careful(make_run, PAY)
    reject_step(run_id=drive.run.id, name="agent", comment="too much", by="ann", at=drive.at)
    run = drive.until_still()
    (pay,) = ended(run)
    assert (pay["ok"], pay["approval"]["decision"]) == (False, "rejected")
    assert told(run) == ['"rejected: a person has refused this call: too much"']
    assert ToolCall.objects.count() == 0


def test_a_call_that_nobody_approves_in_time_is_not_made(make_run: RunMaker) -> None:
    drive = careful(make_run, PAY, approval_timeout_seconds=60)
    run = drive.pass_time(60).until_still()
    assert ended(run)[0]["ok"] is False
    assert told(run) == ['"rejected: nobody has approved this call in time"']


def test_the_agents_of_a_crew_ask_too(make_run: RunMaker) -> None:
    step = {
        "name": "agent", "kind": "crew", "needs_approval": ["pay"],
        "agents": [{"name": "payer", "role": "a payer", "goal": "Pay.", "tools": TOOLS}],
        "tasks": [{"name": "pay", "description": "Pay.", "expected_output": "A line.",
                   "agent": "payer"}],
    }  # fmt: skip
    drive = Drive(make_run([step]), say=Model(PAY))
    drive.until_still()
    assert ToolCall.objects.count() == 0
    approve_step(run_id=drive.run.id, name="agent", option=None, comment="", by="a", at=drive.at)
    assert drive.until_still().status == "COMPLETED"
    assert ToolCall.objects.count() == 1


@pytest.mark.usefixtures("workers")
def test_workers_go_on_with_an_agent_when_a_person_has_approved(
    make_run: RunMaker, provider: Provider
) -> None:
    provider.control(model="agent-tag-payer", script=[{"tool_calls": [PAY]}, {"text": "Paid."}])
    step = agent(tools=TOOLS, needs_approval=["pay"], model="openai:agent-tag-payer")
    run = make_run([step])
    ask = wait_for(
        lambda: Ask.objects.filter(run=run).first(), timeout_seconds=60, what="the question"
    )
    approve_step(
        run_id=run.id, name="agent", option=None, comment="", by="ann", at=ask.created_at,
        ask=ask.id,
    )  # fmt: skip
    (pay,) = ended(finished(run))
    assert (pay["output"]["value"], pay["approval"]["by"]) == (5, "ann")
    assert step_of(run, "agent").output["text"] == "Paid."
