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
