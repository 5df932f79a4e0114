"""The sample task with another provider, while its workers are killed."""

import os
import signal
from pathlib import Path

import pytest

from agentplatform.core.wait import wait_for
from tests.e2e.runs.demo import demo, ended
from tests.provider import Provider

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]
WORKERS = ("llm", "tools", "steps", "beat")


def has_printed(data: Path, text: str) -> bool:
    return text in (data.parent / "output").read_text()


def pid_of(data: Path, name: str) -> int:
    return int((data / "run" / f"{name}.pid").read_text().split()[0])


def kill_and_await(data: Path, name: str) -> None:
    """Kill a process and return once its successor is there."""
    victim = pid_of(data, name)
    os.kill(victim, signal.SIGKILL)
    wait_for(
        lambda: pid_of(data, name) != victim,
        timeout_seconds=30,
        what=f"{name} to be started again",
    )


def children_of(pid: int) -> list[int]:
    return [
        int(child)
        for thread in Path(f"/proc/{pid}/task").iterdir()
        for child in (thread / "children").read_text().split()
    ]


@pytest.mark.thorough
def test_a_kill_of_each_worker_process_in_turn_does_not_stop_the_run(
    data: Path, provider: Provider
) -> None:
    provider.control(behaviour="latency-2000")
    keys = {"ANTHROPIC_API_KEY": "test", "ANTHROPIC_BASE_URL": provider.anthropic_base_url}
    with demo(data, **keys) as process:
        wait_for(
            lambda: has_printed(data, "explore     started"),
            timeout_seconds=90,
            what="the agent to start",
        )
        for child in children_of(pid_of(data, "steps")):
            os.kill(child, signal.SIGKILL)
        for name in WORKERS:
            kill_and_await(data, name)
            assert process.poll() is None, "the run ended before the last kill"
        wait_for(
            lambda: has_printed(data, "report      started"),
            timeout_seconds=120,
            what="the report to start",
        )
        for name in ("llm", "steps"):
            kill_and_await(data, name)
        assert process.poll() is None, "the run ended before the last kill"
        printed = ended(process, data)
    assert "COMPLETED" in printed
    assert "model anthropic" in printed
