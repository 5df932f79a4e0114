"""The sample task through the whole embedded stack: real processes, sandbox and browser."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agentplatform.core.postgresql.roles import LOGINS
from agentplatform.core.wait import wait_for
from agentplatform.settings.environment import ROOT
from tests.provider import Provider, running_provider

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]
OWN = (*LOGINS, "REDIS_URL", "DJANGO_SETTINGS_MODULE", "SERVICE", "PROMETHEUS_MULTIPROC_DIR")
WORKERS = ("llm", "tools", "steps", "beat")


@contextmanager
def demo(data: Path, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """`make demo` on a data folder of its own; stopped at the end, whatever it was doing."""
    own = {name: value for name, value in os.environ.items() if name not in OWN}
    with (data.parent / "output").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "agentplatform.embedded", "demo", "--data", str(data)],
            cwd=ROOT,
            env=own | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ended(process: "subprocess.Popen[str]", data: Path) -> str:
    """What it printed, once it has ended well."""
    code = process.wait(timeout=400)
    printed = (data.parent / "output").read_text()
    assert code == 0, printed
    return printed


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


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


def test_the_sample_completes_with_the_local_model(data: Path) -> None:
    with demo(data) as process:
        printed = ended(process, data)
    assert "COMPLETED" in printed
    assert "model local smollm2-135m-instruct" in printed
    files = {path.name: path.read_bytes() for path in (data / "output").rglob("report.*")}
    assert files["report.png"].startswith(b"\x89PNG")
    assert files["report.pdf"].startswith(b"%PDF")
    explored = [line for line in printed.splitlines() if "explore" in line]
    assert sum("tool code" in line for line in explored) >= 2
    assert sum(" model " in line for line in explored) >= 2


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_the_sample_uses_the_provider_whose_key_is_set(
    data: Path, provider: Provider, vendor: str
) -> None:
    base_url = getattr(provider, f"{vendor}_base_url")
    keys = {f"{vendor.upper()}_API_KEY": "test", f"{vendor.upper()}_BASE_URL": base_url}
    with demo(data, **keys) as process:
        printed = ended(process, data)
    assert f"model {vendor}" in printed
    billed = sum(bill["prompt_tokens"] + bill["completion_tokens"] for bill in provider.billed())
    assert f"{billed:,} tokens" in printed


def test_a_kill_of_each_worker_process_in_turn_does_not_stop_the_run(
    data: Path, provider: Provider
) -> None:
    provider.control(behaviour="latency-4000")
    keys = {"OPENAI_API_KEY": "test", "OPENAI_BASE_URL": provider.openai_base_url}
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
