"""Agents and crews on real workers, with a provider that does as it is told."""

from typing import Any

import pytest

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from apps.gateway.models import LlmCall, LlmEvent
from apps.runs.models import Run
from apps.runs.services.recover import recover
from apps.tools.models import ToolCall
from tests.integration.runs.conftest import RunMaker, finished, kinds_of, step_of
from tests.integration.runs.test_flow import ADD, agent
from tests.provider import Provider

pytestmark = pytest.mark.usefixtures("workers")

SCHEMA = {"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"],
          "additionalProperties": False}  # fmt: skip
ADDED = {"name": "add", "arguments": {"a": 2, "b": 3}}


def crew(**fields: Any) -> dict[str, Any]:
    return {
        "name": "team",
        "kind": "crew",
        "agents": [
            {"name": "adder", "role": "an adder", "goal": "Add {{ input.what }}.", "tools": [ADD],
             "model": "openai:agent-tag-adder"},
            {"name": "writer", "role": "a writer", "goal": "Write.", "model": "openai:ok-tokens-9"},
        ],
        "tasks": [
            {"name": "sum", "description": "Add them.", "expected_output": "A number.",
             "agent": "adder"},
            {"name": "report", "description": "Report.", "expected_output": "A line.",
             "agent": "writer"},
        ],
        **fields,
    }  # fmt: skip


def prompts(run: Run) -> list[list[dict[str, Any]]]:
    """The messages of each model call of the run, in their order."""
    calls = LlmCall.objects.filter(run_id=run.id).order_by("created_at")
    return [call.request["messages"] for call in calls]


def test_an_agent_s_last_answer_satisfies_its_schema(
    make_run: RunMaker, provider: Provider
) -> None:
    run = finished(make_run([agent(response_schema=SCHEMA)]))
    output = step_of(run, "agent").output
    assert run.status == "COMPLETED", run.error
    assert set(output["value"]) == {"sum"}
    assert [call["output"]["value"] for call in output["tool_calls"]] == [5, 5]


def test_an_agent_mends_a_wrong_answer_when_it_is_told_what_is_wrong(
    make_run: RunMaker, provider: Provider
) -> None:
    provider.control(behaviour="fail-first-1+invalid-output")
    run = finished(make_run([agent(tools=[], response_schema=SCHEMA)]))
    assert run.status == "COMPLETED", run.error
    assert step_of(run, "agent").output["turns"] == 2
    assert LlmEvent.objects.filter(run_id=run.id).count() == 2
    assert "does not satisfy the schema" in prompts(run)[1][-1]["content"]


def test_an_agent_that_answers_wrongly_twice_fails_with_what_is_wrong(
    make_run: RunMaker, provider: Provider
) -> None:
    provider.control(behaviour="invalid-output")
    run = finished(make_run([agent(tools=[], response_schema=SCHEMA)]))
    assert (run.status, run.error["code"]) == ("FAILED", "invalid_output")
    assert LlmCall.objects.filter(run_id=run.id).count() == 2
    assert len(provider.billed()) == 2


def test_an_agent_goes_on_where_the_provider_s_window_is_small(
    make_run: RunMaker, provider: Provider
) -> None:
    chatty = {**ADD, "arguments": {"program": "print('{\"said\": \"' + 'word ' * 300 + '\"}')"}}
    step = agent(
        tools=[chatty],
        model="openai:agent-turns-9-window-2500",
        max_turns=6,
        context_tokens=2500,
        max_tokens=200,
    )
    run = finished(make_run([step]))
    assert run.status == "COMPLETED", run.error
    last = prompts(run)[-1]
    assert [m["role"] for m in last[:2]] == ["system", "user"]
    assert len(step_of(run, "agent").output["tool_calls"]) == 10
    assert any(m.get("content", "").endswith("[shortened]") for m in last)


def test_an_agent_s_retry_repeats_only_the_turn_that_failed(
    make_run: RunMaker, provider: Provider
) -> None:
    script = [{"tool_calls": [ADDED]}, {"text": "Five."}]
    provider.control(model="agent-tag-retried", script=script)
    step = agent(model="openai:agent-tag-retried", retry={"max_attempts": 3, "backoff": [0, 0]})
    run = make_run([step])
    wait_for(
        lambda: ToolCall.objects.filter(run_id=run.id).exists(),
        timeout_seconds=30,
        what="the first turn's tool call",
    )
    provider.control(model="agent-tag-retried", behaviour="error-500")
    wait_for(
        lambda: "agent step.retrying" in kinds_of(run), timeout_seconds=60, what="a failed attempt"
    )
    provider.control(model="agent-tag-retried", script=script)
    recover(at=now())
    finished(run)
    assert run.status == "COMPLETED", run.error
    assert step_of(run, "agent").attempt == 2
    assert step_of(run, "agent").output["text"] == "Five."
    assert ToolCall.objects.filter(run_id=run.id).count() == 1
    turns = LlmCall.objects.filter(run_id=run.id).values_list("attempt", "turn", "status")
    assert sorted(turns) == [(1, 0, "SUCCESS"), (1, 2, "FAILED"), (2, 2, "SUCCESS")]


def test_a_crew_does_its_tasks_with_the_tools_and_models_of_its_agents(
    make_run: RunMaker, provider: Provider
) -> None:
    run = finished(make_run([crew()], {"what": "numbers"}))
    assert run.status == "COMPLETED", run.error
    output = step_of(run, "team").output
    assert set(output) == {"tasks", "text"}
    assert set(output["tasks"]) == {"sum", "report"}
    assert output["text"] == output["tasks"]["report"]
    assert {event.model for event in LlmEvent.objects.filter(run_id=run.id)} == {
        "agent-tag-adder",
        "ok-tokens-9",
    }
    asked = prompts(run)
    assert asked[0][0]["content"] == "You are an adder.\n\nYour goal: Add numbers."
    assert f"## sum\n{output['tasks']['sum']}" in asked[-1][1]["content"]
    assert ToolCall.objects.filter(run_id=run.id).count() == 2


def managed(provider: Provider) -> dict[str, Any]:
    """A crew whose manager asks both agents at once, and then has its answer."""
    calls = [
        {"name": "delegate", "arguments": {"coworker": name, "task": "Help.", "context": ""}}
        for name in ("adder", "writer")
    ]
    script = [{"tool_calls": calls}, {"text": "All done."}]
    provider.control(model="agent-tag-manager", script=script)
    tasks = [{"name": "work", "description": "Work.", "expected_output": "A line."}]
    manager = {"model": "openai:agent-tag-manager"}
    return crew(process="hierarchical", manager=manager, tasks=tasks)


def test_a_manager_has_its_crew_work_in_parallel(make_run: RunMaker, provider: Provider) -> None:
    run = finished(make_run([managed(provider)], {"what": "numbers"}))
    assert run.status == "COMPLETED", run.error
    assert step_of(run, "team").output == {"tasks": {"work": "All done."}, "text": "All done."}
    turns = LlmCall.objects.filter(run_id=run.id).values_list("turn", flat=True)
    assert sorted(turns) == [0, 1, 1, 3, 4]
    assert ToolCall.objects.filter(run_id=run.id).count() == 2


def test_a_retry_repeats_the_failed_one_of_parallel_completions_alone(
    make_run: RunMaker, provider: Provider
) -> None:
    provider.control(model="ok-tokens-9", behaviour="error-500")
    team = managed(provider) | {"retry": {"max_attempts": 2, "backoff": [0, 0]}}
    run = make_run([team], {"what": "numbers"})
    wait_for(
        lambda: "team step.retrying" in kinds_of(run), timeout_seconds=60, what="a failed attempt"
    )
    provider.control(model="ok-tokens-9")
    recover(at=now())
    finished(run)
    assert run.status == "COMPLETED", run.error
    turns = LlmCall.objects.filter(run_id=run.id).values_list("attempt", "turn", "status")
    assert sorted(turns) == [
        (1, 0, "SUCCESS"), (1, 1, "FAILED"), (1, 1, "SUCCESS"), (2, 1, "SUCCESS"),
        (2, 3, "SUCCESS"), (2, 4, "SUCCESS"),
    ]  # fmt: skip
    assert kinds_of(run).count("team call.finished") == 6 + 2
    billed = provider.billed()
    assert run.tokens_used == sum(b["prompt_tokens"] + b["completion_tokens"] for b in billed)
