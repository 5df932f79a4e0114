"""A run's events as they come."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, override_settings
from rest_framework.test import APIClient

from agentplatform.core.clock import now
from apps.runs.models import Run
from apps.runs.services import follow_events as module
from apps.runs.services.advance_run import advance_run
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.follow_events import Heartbeat, follow_events
from apps.tenants.models import ApiKey
from apps.tenants.services.authenticate import LIFETIME
from tests.api.runs.conftest import TaskMaker

SSE = {"Accept": "text/event-stream"}


@pytest.fixture
def run(client: APIClient, make_task: TaskMaker) -> Run:
    body = {"task_id": make_task()["id"], "input": {"n": 1}}
    return Run.objects.get(id=client.post("/api/v1/runs", body).json()["id"])


def events_of(text: str) -> list[dict[str, str]]:
    blocks = [block for block in text.split("\n\n") if block]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]


def read(client: APIClient, run_id: UUID, **headers: str) -> list[dict[str, str]]:
    answer = client.get(f"/api/v1/runs/{run_id}/events", headers={**SSE, **headers})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/event-stream")
    return events_of(b"".join(answer.streaming_content).decode())  # type: ignore[attr-defined]


def test_a_run_that_is_over_is_told_whole_and_ends(client: APIClient, run: Run) -> None:
    cancel_run(run_id=run.id, at=now())
    told = read(client, run.id)
    assert [event.get("event") for event in told][:1] == ["run.pending"]
    assert [event["event"] for event in told][-2:] == ["run.cancelled", "end"]
    assert [event["id"] for event in told[:-1]] == [str(n + 1) for n in range(len(told) - 1)]
    assert json.loads(told[0]["data"])["kind"] == "run.pending"


def test_a_client_that_comes_back_goes_on_where_it_was(client: APIClient, run: Run) -> None:
    cancel_run(run_id=run.id, at=now())
    told = read(client, run.id)
    assert read(client, run.id, **{"Last-Event-ID": "2"}) == told[2:]
    assert read(client, run.id, **{"Last-Event-ID": str(10**9)}) == [told[-1]]


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 30, "\u0663"])
def test_a_wrong_last_event_is_explained(client: APIClient, run: Run, last: str) -> None:
    answer = client.get(f"/api/v1/runs/{run.id}/events", headers={**SSE, "Last-Event-ID": last})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_the_run_of_another_tenant_is_not_found(stranger: APIClient, run: Run) -> None:
    answer = stranger.get(f"/api/v1/runs/{run.id}/events", headers=SSE)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_events_come_as_they_happen(client: APIClient, run: Run) -> None:
    async def listen() -> list[str]:
        answer: Any = await AsyncClient().get(
            f"/api/v1/runs/{run.id}/events",
            headers={**SSE, "Authorization": client._credentials["HTTP_AUTHORIZATION"]},  # type: ignore[attr-defined]
        )
        parts: AsyncIterator[bytes] = answer.streaming_content
        told = [await anext(parts)]
        await sync_to_async(advance_run, thread_sensitive=False)(run_id=run.id, at=now())
        told += [await asyncio.wait_for(anext(parts), 10) for _ in range(2)]
        await sync_to_async(cancel_run, thread_sensitive=False)(run_id=run.id, at=now())
        return [part.decode() for part in told + [part async for part in parts]]

    told = events_of("".join(asyncio.run(listen())))
    assert [event["event"] for event in told][:3] == ["run.pending", "run.running", "step.queued"]
    assert told[-1]["event"] == "end"


def test_without_valkey_the_events_of_a_streamed_run_come_all_the_same(
    client: APIClient, make_task: TaskMaker
) -> None:
    step = {"name": "say", "kind": "llm", "prompt": "Hello.", "stream": True}
    body = {"task_id": make_task(spec={"steps": [step]})["id"], "input": {}}
    run_id = UUID(client.post("/api/v1/runs", body).json()["id"])
    cancel_run(run_id=run_id, at=now())
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        told = read(client, run_id)
    assert [event["event"] for event in told][-2:] == ["run.cancelled", "end"]


def looks(run: Run, **more: Any) -> Iterator[Any]:
    return follow_events(tenant_id=run.tenant_id, run_id=run.id, after=0, **more)


def test_a_quiet_run_is_kept_alive(run: Run) -> None:
    at = now()
    seen = looks(run, clock=lambda: at, may_go_on=lambda: True)
    assert [type(next(seen)).__name__ for _ in range(2)] == ["RunEvent", "NoneType"]
    at += module.HEARTBEAT
    assert isinstance(next(seen), Heartbeat)
    assert next(seen) is None


def test_a_stream_ends_with_the_key_that_opened_it(client: APIClient, run: Run) -> None:
    answer = client.get(f"/api/v1/runs/{run.id}/events", headers=SSE)
    parts = iter(answer.streaming_content)  # type: ignore[attr-defined]
    next(parts)
    ApiKey.objects.update(revoked_at=now())
    began = now()
    assert events_of(b"".join(parts).decode())[-1]["event"] == "end"
    assert now() - began < 2 * LIFETIME
