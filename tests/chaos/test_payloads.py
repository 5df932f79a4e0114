"""What a model or a tool may say and a database may not take: the run ends all the same."""

from typing import Any

import pytest

from apps.runs.models import Run, Step
from tests.chaos.stack import Stack

MEGABYTES = 5


def code(program: str) -> dict[str, Any]:
    return {"name": "only", "kind": "tool", "tool": "code", "arguments": {"program": program}}


def say(model: str) -> dict[str, Any]:
    return {"name": "only", "kind": "llm", "prompt": "Say hi.", "model": f"openai:{model}"}


SAYING = {
    "NUL from a tool": code("print('a\\x00b')"),
    "a lone surrogate from a tool": code("import sys; sys.stdout.buffer.write(b'\\xed\\xa0\\x80')"),
    "NaN from a tool": code("print('NaN'); print('{\"a\": Infinity}')"),
    "no text from a tool": code("import os; os.write(1, bytes(range(256)))"),
    "NUL from a model": say("ok-nul-text"),
    "a lone surrogate from a model": say("ok-surrogate-text"),
    "5 MB from a model": say(f"ok-body-{MEGABYTES}mb"),
}


@pytest.mark.parametrize("name", SAYING)
def test_it_is_kept_as_far_as_it_can_be(stack: Stack, name: str) -> None:
    stack.start_run([SAYING[name]])
    stack.audit(deaths=0)
    run, step = Run.objects.get(), Step.objects.get()
    assert run.status == "COMPLETED", step.error
    assert step.output


def test_a_tool_that_says_too_much_fails_and_says_why(stack: Stack) -> None:
    stack.start_run([code(f"print('x' * {MEGABYTES} * 1024 * 1024)")])
    stack.audit(deaths=0)
    run, step = Run.objects.get(), Step.objects.get()
    assert (run.status, step.error["code"]) == ("FAILED", "output_exceeded")


ECHO = {"name": "echo", "description": "Say it again.", "parameters": {"type": "object"},
        "tool": "code",
        "arguments": {"program": "import sys; print(sys.stdin.read())", "input": "{{ args }}"},
        }  # fmt: skip
CALLER = "agent-tag-caller"


def agent(stack: Stack, *arguments: str, **fields: Any) -> dict[str, Any]:
    """An agent whose model calls its tool with each of these texts as arguments, at once."""
    calls = [{"name": "echo", "arguments": text} for text in arguments]
    stack.provider.control(model=CALLER, script=[{"tool_calls": calls}, {"text": "Done."}])
    return {"name": "only", "kind": "agent", "instructions": "Call.", "prompt": "Call.",
            "tools": [ECHO], "model": f"openai:{CALLER}", **fields}  # fmt: skip


CLEANED: dict[str, Any] = {
    '{"x": NaN}': None,
    '{"x": -Infinity}': None,
    '{"x": 1e400}': None,
    '{"x": "a\\u0000b"}': "ab",
    '{"x": "a\\ud800b"}': "a\ufffdb",
    '{"x": 1e30}': pytest.approx(1e30),
    '{"x": 123456789012345678901234567890}': pytest.approx(123456789012345678901234567890),
}
"""What a model gives as arguments, and what a tool is called with."""


def test_arguments_are_cleaned_before_a_tool_is_called_with_them(stack: Stack) -> None:
    stack.start_run([agent(stack, *CLEANED)])
    stack.audit(deaths=0)
    run, step = Run.objects.get(), Step.objects.get()
    assert run.status == "COMPLETED", step.error
    calls = step.output["tool_calls"]
    assert [call["arguments"] for call in calls] == [{"x": value} for value in CLEANED.values()]
    assert [call["output"]["value"] for call in calls] == [call["arguments"] for call in calls]


UNREADABLE = {
    "half a document": '{"x": ',
    "a list": "[1]",
    "a number of 5,000 digits": f'{{"x": {"9" * 5000}}}',
    "a document nested 100,000 deep": '{"x": ' + "[" * 100_000 + "]" * 100_000 + "}",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_arguments_that_are_no_object_fail_the_step_and_say_why(stack: Stack, name: str) -> None:
    stack.start_run([agent(stack, UNREADABLE[name], retry={"max_attempts": 2, "backoff": [0]})])
    stack.audit(deaths=0)
    run, step = Run.objects.get(), Step.objects.get()
    assert (run.status, step.attempt) == ("FAILED", 2)
    assert step.error["code"] == "invalid_output"
    assert "echo" in step.error["detail"]


DEEP = "'[' * 900 + ']' * 900"
WIDE = "2 ** 100"


@pytest.mark.parametrize("said", [DEEP, WIDE])
def test_an_agent_goes_on_whatever_a_tool_gives(stack: Stack, said: str) -> None:
    odd = {**ECHO, "arguments": {"program": f"print({said})"}}
    stack.start_run([agent(stack, '{"x": ' + "[" * 900 + "]" * 900 + "}", tools=[odd])])
    stack.audit(deaths=0)
    run, step = Run.objects.get(), Step.objects.get()
    assert run.status == "COMPLETED", step.error
    assert step.output["tool_calls"][0]["ok"]


def test_a_tool_that_says_too_much_to_an_agent_is_told_to_its_model(stack: Stack) -> None:
    chatty = {**ECHO, "arguments": {"program": f"print('x' * {MEGABYTES} * 1024 * 1024)"}}
    stack.start_run([agent(stack, "{}", tools=[chatty])])
    stack.audit(deaths=0)
    run, step = Run.objects.get(), Step.objects.get()
    assert run.status == "COMPLETED", step.error
    (call,) = step.output["tool_calls"]
    assert call["error"].startswith("output_exceeded")


def test_a_condition_over_what_is_no_number_is_not_true(stack: Stack) -> None:
    way = {"name": "above", "when": "steps.only.output.value.a > `0`", "next": []}
    below = {"name": "below", "when": "steps.only.output.value.a <= `0`", "next": []}
    choose = {"name": "choose", "kind": "decision", "branches": [way, below]}
    stack.start_run([code("print('{\"a\": NaN}')"), choose])
    stack.audit(deaths=0)
    assert Run.objects.get().status == "COMPLETED"
    assert Step.objects.get(name="choose").output["branch"] == "else"
