"""Whole runs on real workers and the real broker, with a provider that speaks OpenAI's format."""

from typing import Any

import pytest

from apps.gateway.models import LlmEvent
from apps.runs.models import Checkpoint
from tests.integration.runs.conftest import RunMaker, finished, kinds_of, step_of
from tests.provider import Provider

pytestmark = pytest.mark.usefixtures("workers")

ADD = {
    "name": "add",
    "description": "Add two numbers.",
    "parameters": {
        "type": "object",
        "properties": {"a": {"const": 2}, "b": {"const": 3}},
        "required": ["a", "b"],
    },
    "tool": "code",
    "arguments": {
        "program": "import json,sys; a=json.load(sys.stdin); print(json.dumps(a['a']+a['b']))",
        "input": "{{ args }}",
    },
}


def code(name: str, program: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "kind": "tool", "tool": "code",
            "arguments": {"program": program, **fields.pop("arguments", {})}, **fields}  # fmt: skip


def agent(**fields: Any) -> dict[str, Any]:
    return {"name": "agent", "kind": "agent", "instructions": "Use the tools.", "prompt": "Add.",
            "tools": [ADD], **fields}  # fmt: skip


def test_steps_see_the_outputs_of_the_steps_before_them(
    make_run: RunMaker, provider: Provider
) -> None:
    run = finished(
        make_run(
            [
                code("count", "print(40 + 2)"),
                {"name": "say", "kind": "llm", "prompt": "Say {{ steps.count.output.value }}"},
            ],
            spec={
                "output": {
                    "n": "{{ steps.count.output.value }}",
                    "said": "{{ steps.say.output.text }}",
                }
            },
        )
    )
    assert (run.status, run.error) == ("COMPLETED", None)
    assert run.output["n"] == 42
    assert run.output["said"]
    assert run.tokens_used == sum(
        bill["prompt_tokens"] + bill["completion_tokens"] for bill in provider.billed()
    )


def test_a_decision_takes_the_first_true_branch_and_skips_the_others(make_run: RunMaker) -> None:
    decision = {
        "name": "size",
        "kind": "decision",
        "branches": [
            {"name": "big", "when": "input.n > `10`", "next": ["big"]},
            {"name": "some", "when": "input.n > `0`", "next": ["some"]},
        ],
        "else": {"next": ["none"]},
    }
    run = finished(
        make_run(
            [
                decision,
                code("big", "print(1)", needs=[]),
                code("some", "print(2)", needs=[]),
                code("none", "print(3)", needs=[]),
                code("join", "print(4)", needs=["big", "some", "none"]),
            ],
            {"n": 5},
        )
    )
    assert run.status == "COMPLETED"
    assert [step_of(run, name).status for name in ("big", "some", "none", "join")] == [
        "SKIPPED", "SUCCESS", "SKIPPED", "SUCCESS",
    ]  # fmt: skip
    assert step_of(run, "size").output == {"branch": "some", "next": ["some"]}


def test_an_agent_uses_tools_in_parallel_and_then_answers(
    make_run: RunMaker, provider: Provider
) -> None:
    run = finished(make_run([agent()]))
    output = step_of(run, "agent").output
    assert run.status == "COMPLETED", run.error
    assert [call["output"]["value"] for call in output["tool_calls"]] == [5, 5]
    assert output["turns"] == 2
    assert kinds_of(run) == [
        "run.pending", "run.running", "agent step.queued",
        "agent step.running", "agent step.waiting", "agent step.queued",
        "agent step.running", "agent call.finished", "agent step.waiting", "agent step.queued",
        "agent step.running", "agent call.finished", "agent call.finished", "agent step.waiting",
        "agent step.queued", "agent step.running", "agent call.finished", "agent step.success",
        "run.completed",
    ]  # fmt: skip


def test_a_failing_tool_is_told_to_the_model_and_the_agent_goes_on(
    make_run: RunMaker, provider: Provider
) -> None:
    broken = {**ADD, "arguments": {"program": "import sys; sys.exit('no numbers today')"}}
    run = finished(make_run([agent(tools=[broken])]))
    calls = step_of(run, "agent").output["tool_calls"]
    assert run.status == "COMPLETED"
    assert [call["ok"] for call in calls] == [False, False]
    assert "no numbers today" in calls[0]["error"]


def test_a_failing_tool_step_ends_the_run_with_its_reason_in_the_timeline(
    make_run: RunMaker,
) -> None:
    run = finished(make_run([code("bad", "import sys; sys.exit('the file is empty')")]))
    assert run.status == "FAILED"
    assert run.error["step"] == "bad"
    assert "the file is empty" in run.error["detail"]
    assert kinds_of(run)[-2:] == ["bad step.failed", "run.failed"]


def test_a_step_that_may_fail_lets_the_run_go_on(make_run: RunMaker) -> None:
    run = finished(
        make_run(
            [
                code("bad", "import sys; sys.exit(1)", on_failure="continue"),
                code("next", "print(1)"),
            ]
        )
    )
    assert run.status == "COMPLETED"
    assert step_of(run, "bad").status == "FAILED"


def test_the_pipeline_outlasts_a_provider_that_fails_at_first(
    make_run: RunMaker, provider: Provider
) -> None:
    provider.control(behaviour="fail-first-1+error-503")
    run = finished(make_run([{"name": "say", "kind": "llm", "prompt": "Hello"}]))
    assert run.status == "COMPLETED"
    assert LlmEvent.objects.filter(run_id=run.id).count() == 2
    assert len(provider.billed()) == 1


def test_a_used_up_token_budget_ends_the_run_as_budget_exceeded(
    make_run: RunMaker, provider: Provider
) -> None:
    run = finished(
        make_run([{"name": "say", "kind": "llm", "prompt": "Hello " * 50}], token_budget=10)
    )
    assert run.status == "BUDGET_EXCEEDED"
    assert run.error["code"] == "budget_exceeded"
    assert provider.billed() == []


def test_an_answer_that_must_satisfy_a_schema_becomes_the_step_s_output(
    make_run: RunMaker, provider: Provider
) -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}},
              "required": ["title"], "additionalProperties": False}  # fmt: skip
    step = {"name": "report", "kind": "llm", "prompt": "Report", "response_schema": schema}
    run = finished(make_run([step]))
    assert set(run.output["report"]) == {"title"}


def test_an_expression_that_fails_on_the_values_fails_its_step(make_run: RunMaker) -> None:
    run = finished(make_run([code("a", "print(1)", when="length(input.n) > `1`")], {"n": 5}))
    assert run.status == "FAILED"
    assert run.error["code"] == "template_error"


def test_checkpoints_are_pruned_when_the_run_is_over(
    make_run: RunMaker, provider: Provider
) -> None:
    from agentplatform.core.wait import wait_for

    run = finished(make_run([agent()]))
    wait_for(
        lambda: not Checkpoint.objects.filter(step__run=run).exists(),
        timeout_seconds=20,
        what="the checkpoint to be pruned",
    )
