"""Graphs that ask people and other runs, among completions and tool calls."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from apps.runs.models import Ask, Run
from apps.runs.services.answer_step import approve_step, reject_step
from tests.installed_graph import ROUNDS, InstallGraph
from tests.integration.runs.conftest import RunMaker, step_of
from tests.integration.runs.drive import Drive
from tests.integration.runs.kinds import code, task_of

SAY = {"kind": "completion", "messages": [{"role": "user", "content": "Hello."}]}
CALL = {"kind": "tool", "name": "code", "arguments": {"program": "1", "input": 3}}
PAY = {"kind": "approval", "question": "Pay?", "details": {"sum": 5}}
INNER = {"kind": "run", "task": "inner", "input": {"n": 7}}


def hello(_: str) -> dict[str, Any]:
    return {"text": "Said.", "tool_calls": []}


Asking = Callable[..., Drive]


@pytest.fixture
def asking(make_run: RunMaker, install_graph: InstallGraph) -> Asking:
    """`asking([[wish, ...], ...])`: a run of a graph that asks round by round, at its first rest.
    The task `inner` gives back its input `n`; `wait` makes it wait first."""
    install_graph("rounds", program=ROUNDS)

    def make(
        rounds: list[list[dict[str, Any]]], wait: float = 0, rests: bool = True, **fields: Any
    ) -> Drive:
        step = {"name": "a", "kind": "agent", "graph": "rounds", "instructions": "Ask.",
                "prompt": json.dumps(rounds), "tools": ["code"], **fields}  # fmt: skip
        drive = Drive(make_run([step]), say=hello)
        pause = {"name": "w", "kind": "wait", "seconds": wait or 1}
        steps = [pause, code("t", "{{ input.n }}")] if wait else [code("t", "{{ input.n }}")]
        task_of(drive.run, "inner", steps, output={"got": "{{ steps.t.output.value }}"})
        return drive if not rests else at_rest(drive)

    return make


def at_rest(drive: Drive) -> Drive:
    drive.until_still()
    return drive


def approve(drive: Drive, **fields: Any) -> None:
    given = {"option": None, "comment": "", "by": "ann", "at": drive.at, **fields}
    approve_step(run_id=drive.run.id, name="a", **given)


def reject(drive: Drive, **fields: Any) -> None:
    given = {"comment": "", "by": "ann", "at": drive.at, **fields}
    reject_step(run_id=drive.run.id, name="a", **given)


def answers(run: Run) -> list[Any]:
    assert run.status == "COMPLETED", run.error
    found: list[Any] = step_of(run, "a").output["answers"]
    return found


def asks(run: Run) -> list[tuple[str, str]]:
    return list(Ask.objects.filter(run=run).values_list("kind", "status"))
