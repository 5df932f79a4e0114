"""`python -m agentplatform.embedded run` with real processes: starts, stops, recovers."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agentplatform.core.postgresql.roles import LOGINS
from agentplatform.core.wait import wait_for
from agentplatform.settings.environment import ROOT

pytestmark = pytest.mark.e2e
OWN = (*LOGINS, "REDIS_URL", "DJANGO_SETTINGS_MODULE", "SERVICE")
NOBODY = {"OPENAI_API_KEY": "test", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
"""A provider that is away takes less of the machine than a local model."""


@contextmanager
def start(data: Path, **more: str) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {name: value for name, value in os.environ.items() if name not in OWN}
    command = [sys.executable, "-m", "agentplatform.embedded", "run", "--data", str(data)]
    with (data.parent / "output").open("ab") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment | more, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def url_of(data: Path, process: "subprocess.Popen[bytes]") -> str:
    """Where the web process answers, once it is ready."""

    def ready_url() -> str:
        assert process.poll() is None, (data.parent / "output").read_text()
        try:
            url = str(json.loads((data / "run" / "lock").read_text())["url"])
            with urllib.request.urlopen(f"{url}/health/ready", timeout=2):
                return url
        except (OSError, ValueError, urllib.error.URLError):
            return ""

    return wait_for(ready_url, timeout_seconds=90, every_seconds=0.2, what="the web process")


def names_of_tasks(url: str, data: Path) -> list[str]:
    if not (data / "demo.json").exists():
        return []
    key = json.loads((data / "demo.json").read_text())["api_key"]
    request = urllib.request.Request(
        f"{url}/api/v1/tasks", headers={"Authorization": f"Bearer {key}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return [task["name"] for task in json.load(answer)["results"]]


def running_below(data: Path) -> list[str]:
    """The command lines of every process that belongs to this data folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if os.fsencode(data) in words:
                found.append((entry / "cmdline").read_text().replace("\0", " "))
    return found


def nothing_runs_below(data: Path) -> bool:
    return not running_below(data)


def test_ctrl_c_leaves_nothing_running_and_the_next_start_finds_its_data(data: Path) -> None:
    with start(data) as process:
        url = url_of(data, process)
        wait_for(lambda: names_of_tasks(url, data), timeout_seconds=30, what="the sample task")
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert running_below(data) == []
    with start(data, **NOBODY) as process:
        assert names_of_tasks(url_of(data, process), data) == ["data-analyst"]
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    assert running_below(data) == []


@pytest.mark.thorough
def test_a_killed_start_stops_its_servers_and_the_next_one_starts(data: Path) -> None:
    with start(data, **NOBODY) as process:
        url_of(data, process)
        process.kill()
    with start(data, **NOBODY) as process:
        url_of(data, process)
        process.kill()
    wait_for(lambda: nothing_runs_below(data), timeout_seconds=60, what=f"{data} to be left alone")


@pytest.mark.thorough
def test_a_second_start_in_the_same_folder_says_where_the_first_one_serves(data: Path) -> None:
    with start(data, **NOBODY) as first:
        url = url_of(data, first)
        with start(data, **NOBODY) as second:
            assert second.wait(30) == 1
        assert (
            f"Already running at {url} (process {first.pid})"
            in (data.parent / "output").read_text()
        )
        first.send_signal(signal.SIGINT)
        first.wait(60)
