"""Agents and crews go on after kill -9 of their worker, and pay for nothing twice."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from apps.gateway.models import LlmCall, LlmEvent
from apps.runs.models import Ask, Run
from apps.runs.services.recover import recover
from apps.runs.states import RUN
from apps.tools.models import ToolCall
from tests.integration.runs.conftest import RunMaker, kinds_of, start_worker, step_of
from tests.integration.runs.kinds import task_of
from tests.integration.runs.test_agents import crew
from tests.integration.runs.test_flow import ADD, agent
from tests.provider import Provider

MANAGER = "agent-tag-manager-latency-300"
Kill = Callable[[], None]


@pytest.fixture
def kill_steps_worker(
    transactional_db: None, empty_queues: None, provider_process: Provider
) -> Iterator[Kill]:
    """Workers of all pools; calling it kills the only one that takes turns and starts another."""
    provider_process.reset()
    processes = {pool: start_worker(pool, provider_process) for pool in ("steps", "llm", "tools")}

    def kill() -> None:
        _end(processes["steps"], signal.SIGKILL)
        processes["steps"] = start_worker("steps", provider_process)

    yield kill
    for process in processes.values():
        _end(process, signal.SIGTERM)


def _end(process: "subprocess.Popen[bytes]", how: signal.Signals) -> None:
    os.killpg(process.pid, how)
    process.wait(timeout=30)


def hierarchical() -> dict[str, Any]:
    team = crew(process="hierarchical", manager={"model": f"openai:{MANAGER}"})
    team["tasks"] = [{"name": "work", "description": "Work.", "expected_output": "A line."}]
    return team


def orders(provider: Provider) -> None:
    calls = [
        {"name": "delegate", "arguments": {"coworker": name, "task": "Help.", "context": ""}}
        for name in ("adder", "writer")
    ]
    provider.control(model=MANAGER, script=[{"tool_calls": calls}, {"text": "All done."}])


def has(what: str, condition: Callable[[], bool]) -> None:
    def is_so() -> bool:
        recover(at=now())
        return condition()

    wait_for(is_so, timeout_seconds=60, every_seconds=0.2, what=what)


def has_ended(run: Run) -> bool:
    return Run.objects.get(id=run.id).status in RUN.terminal


@pytest.mark.thorough
def test_a_crew_outlives_its_workers(
    make_run: RunMaker, kill_steps_worker: Kill, provider_process: Provider
) -> None:
    orders(provider_process)
    run = make_run([hierarchical()], {"what": "numbers"})

    def calls() -> int:
        return LlmCall.objects.filter(run_id=run.id).count()

    has("a turn", lambda: step_of(run, "team").status not in ("PENDING", "QUEUED"))
    kill_steps_worker()
    has("the manager's call", lambda: calls() >= 1)
    kill_steps_worker()
    has("the coworkers' calls", lambda: calls() >= 3)
    kill_steps_worker()
    has("the end", lambda: has_ended(run))

    step = step_of(run, "team")
    assert (step.status, step.attempt) == ("SUCCESS", 1), step.error
    assert step.output["text"] == "All done."
    turns = LlmCall.objects.filter(run_id=run.id).values_list("turn", flat=True)
    assert sorted(turns) == [0, 1, 1, 3, 4]
    assert LlmEvent.objects.filter(run_id=run.id).count() == 5 == len(provider_process.billed())
    assert ToolCall.objects.filter(run_id=run.id).count() == 2


def test_an_agent_that_calls_a_task_outlives_its_workers(
    make_run: RunMaker, kill_steps_worker: Kill, provider_process: Provider
) -> None:
    calls = [{"name": "inner", "arguments": {}}, {"name": "add", "arguments": {"a": 2, "b": 3}}]
    script = [{"tool_calls": calls}, {"text": "Done."}]
    provider_process.control(model="agent-tag-caller-latency-300", script=script)
    slow = {"name": "say", "kind": "llm", "prompt": "Hi.", "model": "openai:ok-latency-2000"}
    owner = make_run([{"name": "w", "kind": "wait", "seconds": 1}])
    task_of(owner, "inner", [slow])
    step = agent(tools=[{"task": "inner"}, ADD], model="openai:agent-tag-caller-latency-300")
    run = make_run([step])

    def children() -> list[Run]:
        return list(Run.objects.filter(parent_run=run))

    has("a turn", lambda: step_of(run, "agent").status not in ("PENDING", "QUEUED"))
    kill_steps_worker()
    has("the child run", lambda: len(children()) == 1)
    kill_steps_worker()
    has("the child run's call", lambda: LlmCall.objects.filter(run_id=children()[0].id).exists())
    kill_steps_worker()
    has("the child run's end", lambda: has_ended(children()[0]))
    kill_steps_worker()
    has("the end", lambda: has_ended(run))

    ended = step_of(run, "agent")
    assert (ended.status, ended.attempt, ended.output["text"]) == ("SUCCESS", 1, "Done.")
    assert [call["ok"] for call in ended.output["tool_calls"]] == [True, True]
    (child,) = children()
    assert Ask.objects.get().child_run_id == child.id
    assert kinds_of(run).count("agent ask.answered") == 1
    assert LlmEvent.objects.count() == 3 == len(provider_process.billed())
    assert ToolCall.objects.count() == 1
    run.refresh_from_db()
    billed = provider_process.billed()
    assert run.tokens_used == sum(b["prompt_tokens"] + b["completion_tokens"] for b in billed)
