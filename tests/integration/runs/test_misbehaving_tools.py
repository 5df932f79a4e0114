"""Tools misbehave in every way, and their agent's run still ends and tells what happened."""

from typing import Any

import pytest

from agentplatform.core.leases import CALL_LEASE
from apps.runs.models import Run, RunEvent, Step
from apps.tools.models import ToolCall
from apps.tools.services.claim_call import claim_call
from apps.tools.services.execute_call import execute_call
from tests.installed_tool import InstallTool
from tests.integration.runs.conftest import RunMaker, kinds_of, step_of
from tests.integration.runs.drive import Drive, Model
from tests.integration.runs.test_flow import agent

SLOW = {"name": "slow", "description": "Takes long.", "parameters": {"type": "object"},
        "tool": "code", "timeout_seconds": 1,
        "arguments": {"program": "print('begun', flush=True)\nwhile True: pass"}}  # fmt: skip
POST = {"url": "https://api.example.org/", "method": "POST"}
CALLS: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("code", {"program": "print('before'); raise SystemExit('broke')"}, "error",
     "Its last words: broke"),
    ("code", {"program": "import os; os.kill(os.getpid(), 11)"}, "error", "exit code 139"),
    ("code", {"program": "x = b'x' * (2100 << 20)"}, "memory_exceeded", "more memory"),
    ("code", {"program": "print('x' * (2 << 20))"}, "output_exceeded", "the output is cut"),
    ("code", {"program": "open('a', 'wb').write(b'x' * (300 << 20))"}, "disk_exceeded", "wrote"),
    ("slow", {}, "timeout", "did not end in time"),
    ("http", {"url": "http://169.254.169.254/"}, "egress_refused", "addresses are not allowed"),
    ("http", {"url": "https://a.test/", "json": 1, "body": ""}, "invalid_arguments",
     "arguments: give json or body"),
    ("http", POST, "outcome_unknown", "check at its receiver"),
    ("broken", {}, "error", "RuntimeError: broken inside"),
)  # fmt: skip
"""Tool, arguments, and how the call fails: its code, and a part of the sentence."""
UNFIT = (
    ("code", {"language": "python"}, "wrong arguments: 'program' is a required property"),
    ("nobody", {}, "there is no tool `nobody`"),
)
"""Wishes that no call is made of."""
GOOD = ("code", {"program": "print(6 * 7)"})


class Workers(Drive):
    """Tool calls are really made; the worker that sends the POST is lost in the middle of it."""

    def answer_calls(self, step: Step) -> None:
        self._answer_completions(step)
        for call in ToolCall.objects.filter(step_id=step.id, status__in=("QUEUED", "RUNNING")):
            if call.arguments == POST and not call.executions:
                claim_call(call_id=call.id, at=self.at)
            else:
                execute_call(call_id=call.id, clock=lambda: self.at)


@pytest.fixture
def run(make_run: RunMaker, install_tool: InstallTool) -> Run:
    """The run of an agent that wants all of it in one turn, once it is over."""
    install_tool("broken", "raise RuntimeError('broken inside')")
    wanted = [{"name": name, "arguments": given} for name, given, *_ in (*CALLS, *UNFIT, GOOD)]
    run = make_run([agent(tools=["code", "http", "broken", SLOW])])
    drive = Workers(run, say=Model(*wanted))
    assert drive.until_still().status == "RUNNING"
    drive.pass_time(CALL_LEASE.total_seconds() + 1)
    return drive.until_still()


def told(run: Run) -> list[tuple[str, str, str]]:
    """Tool, code and sentence of each tool call in the timeline; of a success no more than that."""
    events = RunEvent.objects.filter(run=run, kind="call.finished", data__kind="tool")
    return [
        (one.data["tool"], one.data.get("error", {}).get("code", one.data["status"]),
         one.data.get("error", {}).get("detail", ""))
        for one in events.order_by("seq")
    ]  # fmt: skip


def test_a_run_whose_tools_fail_in_every_way_ends_with_a_clear_timeline(run: Run) -> None:
    assert run.status == "COMPLETED", run.error
    expected = [(SLOW["tool"] if name == "slow" else name, code) for name, _, code, _ in CALLS]
    *failed, good = told(run)
    assert [(tool, code) for tool, code, _ in failed] == expected
    assert good == ("code", "SUCCESS", "")
    for (_, _, _, part), (_, _, sentence) in zip(CALLS, failed, strict=True):
        assert part in sentence
    assert kinds_of(run)[-2:] == ["agent step.success", "run.completed"]

    answers = step_of(run, "agent").output["tool_calls"]
    assert [one["ok"] for one in answers] == [False] * (len(CALLS) + len(UNFIT)) + [True]
    for (_, _, code, part), answer in zip(CALLS, answers, strict=False):
        assert answer["error"].startswith(f"{code}: ")
        assert part in answer["error"]
    for (_, _, sentence), answer in zip(UNFIT, answers[len(CALLS) : -1], strict=True):
        assert answer["error"].startswith(sentence)

    calls = {str(call.arguments): call for call in ToolCall.objects.filter(run_id=run.id)}
    assert calls[str(CALLS[0][1])].response["stdout"] == "before\n"
    assert calls[str(SLOW["arguments"])].response["stdout"] == "begun\n"
    assert len(calls[str(CALLS[3][1])].response["stdout"]) == 1 << 20
    assert {call.executions for call in calls.values()} == {1}
