"""Submits the sample task over HTTP and shows it run."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentplatform.embedded import sample
from agentplatform.embedded.client import Client
from agentplatform.embedded.timeline import Timeline, format_cost

UNFINISHED = ("PENDING", "RUNNING")
API = "/api/v1"
DESCRIPTION = "Looks at a CSV file, answers a question about it, and makes a report page."
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class FinishedRun:
    """How a run ended, and the files that it left: where each lies, and an address that gives it
    to a browser for a while."""

    run: Mapping[str, Any]
    files: tuple[tuple[Path, str], ...]

    @property
    def is_completed(self) -> bool:
        return bool(self.run["status"] == "COMPLETED")


def submit(client: Client, *, file: Path, question: str) -> str:
    """Upload the file, see that the sample task is defined as of now, start a run; its id."""
    artifact = client.upload(f"{API}/artifacts", file)
    reference = {name: artifact[name] for name in ("artifact_id", "name")}
    task_id = define_task(client)
    body = {
        "task_id": task_id,
        "input": {"file": reference, "question": question},
    }
    key = {"Idempotency-Key": secrets.token_hex(16)}
    return str(client.send("POST", f"{API}/runs", body, **key)["id"])


def define_task(client: Client) -> str:
    """The sample task's id; a changed spec becomes its next version."""
    spec = sample.build_spec()
    found = client.get(f"{API}/tasks", name=sample.TASK_NAME)["results"]
    if not found:
        body = {"name": sample.TASK_NAME, "description": DESCRIPTION, "spec": spec}
        return str(client.send("POST", f"{API}/tasks", body)["id"])
    if found[0]["spec"] != spec:
        client.send("PATCH", f"{API}/tasks/{found[0]['id']}", {"spec": spec})
    return str(found[0]["id"])


class Follower:
    """Shows a run's events as they come. Ask `has_ended` until it says so."""

    def __init__(self, client: Client, run_id: str, *, timeline: Timeline, say: Say) -> None:
        self._client = client
        self._path = f"{API}/runs/{run_id}"
        self._timeline = timeline
        self._say = say
        self._last = 0

    def has_ended(self) -> bool:
        """Show what is new; whether there is nothing more to come."""
        page = self._client.get(f"{self._path}/events", after=self._last)
        for line in self._timeline.lines(page["results"]):
            self._say(line)
        if page["results"]:
            self._last = page["results"][-1]["seq"]
        return bool(page["is_finished"])


def fetch_result(client: Client, run_id: str, *, folder: Path) -> FinishedRun:
    """The ended run, its artifacts downloaded into `folder`."""
    run = client.get(f"{API}/runs/{run_id}")
    files = []
    names: set[str] = set()
    for artifact in client.get(f"{API}/runs/{run_id}/artifacts"):
        name = free_name(Path(str(artifact["name"])).name or "artifact", names)
        path = f"{API}/artifacts/{artifact['artifact_id']}"
        kept = client.download(f"{path}/content", folder / name)
        files.append((kept, client.send("POST", f"{path}/link", {})["url"]))
    return FinishedRun(run=run, files=tuple(files))


def free_name(name: str, taken: set[str]) -> str:
    """`name`, or name-2, name-3 when a step before wrote one like it."""
    path, number, free = Path(name), 1, name
    while free in taken:
        number += 1
        free = f"{path.stem}-{number}{path.suffix}"
    taken.add(free)
    return free


def describe_result(finished: FinishedRun) -> Iterable[str]:
    """What to print of an ended run."""
    run = finished.run
    cost = format_cost(run.get("cost_usd"))
    yield f"{run['status']}: run {run['id']}, {run.get('tokens_used', 0):,} tokens, {cost}"
    if run.get("error"):
        error = run["error"]
        step = f" in step {error['step']}" if error.get("step") else ""
        yield f"  {error.get('code')}{step}: {error.get('detail')}"
    yield from describe_output(run.get("output"))
    if finished.files:
        yield "Files, with links that are good for some minutes"
    for path, address in finished.files:
        yield f"  {path}"
        yield f"    {address}"


def describe_output(output: object) -> Iterable[str]:
    """The report's title and findings, wherever in the output they are."""
    report = find_report(output)
    if report is None:
        return
    yield str(report["title"])
    for finding in report["findings"]:
        if isinstance(finding, dict):
            finding = ": ".join(str(value) for value in finding.values())
        yield f"  - {finding}"


def find_report(output: object) -> Mapping[str, Any] | None:
    if not isinstance(output, dict):
        return None
    if "title" in output and isinstance(output.get("findings"), list):
        return output
    reports = (find_report(value) for value in output.values())
    return next((report for report in reports if report is not None), None)
