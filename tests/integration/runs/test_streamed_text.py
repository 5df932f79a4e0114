"""The text of streamed steps in a run's event stream, with workers, over the API."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.test import AsyncClient

from agentplatform.core.clock import now
from apps.gateway.models import LlmCall
from apps.runs.models import Run
from apps.tenants.models import Tenant
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.states import rights_of
from tests.integration.runs.conftest import RunMaker, finished

MODEL = "openai:gpt-4o-tokens-80-pace-20"
SAID = {"kind": "llm", "name": "say", "prompt": "Hello.", "model": MODEL, "stream": True}
Event = dict[str, Any]


def secret_of(tenant: Tenant) -> str:
    return create_api_key(
        tenant_id=tenant.id, name="test", scopes=rights_of("viewer"), at=now()
    ).secret


def read(part: bytes) -> Event:
    """One event: its kind, its data, and its id if it has one."""
    fields = dict(line.split(": ", 1) for line in part.decode().strip().split("\n"))
    return {"kind": fields["event"], "id": fields.get("id"), **json.loads(fields["data"])}


async def events_of(run: Run, secret: str, *, after: int = 0) -> AsyncIterator[Event]:
    answer: Any = await AsyncClient().get(
        f"/api/v1/runs/{run.id}/events",
        headers={
            "Accept": "text/event-stream",
            "Authorization": f"Bearer {secret}",
            "Last-Event-ID": str(after),
        },
    )
    assert answer.status_code == 200
    async for part in answer.streaming_content:
        if not part.startswith(b":"):
            yield read(part)


def followed(run: Run, tenant: Tenant) -> list[Event]:
    """Every event of the stream, from now until its end."""

    async def follow() -> list[Event]:
        return [event async for event in events_of(run, secret)]

    secret = secret_of(tenant)
    return asyncio.run(asyncio.wait_for(follow(), 60))


def texts_of(events: list[Event]) -> dict[str, str]:
    """The text of each call, as a client puts it together."""
    texts: dict[str, str] = {}
    for event in events:
        if event["kind"] == "completion.delta":
            before = texts.get(event["call_id"], "") if event["offset"] else ""
            assert len(before) == event["offset"]
            texts[event["call_id"]] = before + event["text"]
    return texts


def answered(run: Run) -> dict[str, str]:
    """The text that each call of the run has answered."""
    return {str(call.id): call.response["text"] for call in LlmCall.objects.filter(run_id=run.id)}


@pytest.mark.usefixtures("workers")
def test_text_comes_between_the_events_before_its_call_is_finished(
    make_run: RunMaker, tenant: Tenant
) -> None:
    run = make_run([SAID])
    events = followed(run, tenant)
    kinds = [event["kind"] for event in events]
    deltas = [event for event in events if event["kind"] == "completion.delta"]
    assert len(deltas) > 3
    assert {(event["step"], event["item"], event["id"]) for event in deltas} == {
        ("say", None, None)
    }
    last = len(kinds) - 1 - kinds[::-1].index("completion.delta")
    assert last < kinds.index("call.finished")
    assert kinds[-1] == "end"
    [told] = [event for event in events if event["kind"] == "call.finished"]
    assert texts_of(events) == answered(run)
    assert told["data"]["call_id"] in texts_of(events)


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize(
    "step",
    [
        {
            "kind": "agent",
            "name": "agent",
            "instructions": "Be brief.",
            "prompt": "Hello.",
            "model": MODEL,
            "stream": True,
        },
        {
            "kind": "crew",
            "name": "crew",
            "agents": [{"name": "a", "role": "writer", "goal": "write"}],
            "tasks": [
                {"name": "t", "description": "Write.", "expected_output": "A word.", "agent": "a"}
            ],
            "model": MODEL,
            "stream": True,
        },
        {
            "kind": "map",
            "name": "map",
            "items": ["a", "b"],
            "step": {"kind": "llm", "prompt": "{{ item }}", "model": MODEL, "stream": True},
        },
    ],
    ids=lambda step: step["kind"],
)
def test_every_step_that_calls_models_can_be_streamed(
    make_run: RunMaker, tenant: Tenant, step: dict[str, Any]
) -> None:
    run = make_run([step])
    events = followed(run, tenant)
    assert finished(run).status == "COMPLETED", run.error
    assert texts_of(events) == answered(run)
    items = {event["item"] for event in events if event["kind"] == "completion.delta"}
    assert items == ({0, 1} if step["kind"] == "map" else {None})


@pytest.mark.usefixtures("workers")
def test_who_comes_back_hears_the_running_call_from_its_start(
    make_run: RunMaker, tenant: Tenant
) -> None:
    run = make_run([SAID])
    secret = secret_of(tenant)

    async def leave_and_return() -> tuple[list[Event], list[Event]]:
        first: list[Event] = []
        async for event in events_of(run, secret):
            first.append(event)
            if event["kind"] == "completion.delta" and event["offset"]:
                break
        seq = max(int(event["id"]) for event in first if event["id"])
        return first, [event async for event in events_of(run, secret, after=seq)]

    first, second = asyncio.run(asyncio.wait_for(leave_and_return(), 60))
    begun = next(event for event in second if event["kind"] == "completion.delta")
    (told,) = texts_of(first).values()
    assert begun["offset"] == 0
    assert begun["text"].startswith(told)
    assert texts_of(second) == answered(run)
    assert not {event["id"] for event in first if event["id"]} & {event["id"] for event in second}


@pytest.mark.usefixtures("workers")
def test_a_step_that_is_not_streamed_says_nothing(make_run: RunMaker, tenant: Tenant) -> None:
    silent = {**SAID, "name": "silent", "stream": False}
    run = make_run([SAID, silent])
    events = followed(run, tenant)
    said = {event["step"] for event in events if event["kind"] == "completion.delta"}
    assert said == {"say"}
