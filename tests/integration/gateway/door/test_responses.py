"""POST /v1/responses, driven by OpenAI's own client: what it answers, charges and refuses."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI
from pydantic import BaseModel

from agentplatform.core.clock import now
from apps.gateway.models import LlmEvent
from apps.tenants.contracts import OWN_RATE, Rate
from apps.tenants.models import Account, LedgerEntry, Reservation
from apps.tenants.services.rate_limit import set_rate_limit
from tests.integration.gateway.door.serving import Caller, Server
from tests.provider import Provider
from tests.provider.contract import validate_openai

pytestmark = pytest.mark.django_db(transaction=True)
Callers = Callable[..., Caller]
Gateway = Callable[..., None]
WEATHER: dict[str, Any] = {
    "type": "function",
    "name": "weather",
    "description": "The weather.",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}


class Report(BaseModel):
    title: str
    pages: int


def events(answer: httpx.Response) -> list[dict[str, Any]]:
    """The events of a stream, each as OpenAI defines it, numbered from 0."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = []
    for one in answer.text.split("\n\n")[:-1]:
        name, data = one.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        validate_openai("ResponseStreamEvent", event)
        told.append(event)
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    return told


def error(answer: httpx.Response, status: int) -> dict[str, Any]:
    body = answer.json()
    assert answer.status_code == status, body
    validate_openai("ErrorResponse", body)
    return dict(body["error"])


@pytest.mark.parametrize("on", ["openai", "anthropic", "local"])
def test_an_answer_is_a_response_as_openai_defines_it_plain_and_streamed(
    gateway: Gateway, caller: Callers, provider: Provider, on: str
) -> None:
    gateway(on=on, openai_model="gpt-4o-mini", anthropic_model="claude-haiku-4-5")
    client = caller()
    answer = client.respond(instructions="Be brief.", metadata={"k": "v"})
    assert answer.status_code == 200
    plain = answer.json()
    validate_openai("Response", plain)
    (message,) = plain["output"]
    assert message["content"][0]["text"]
    assert (plain["status"], plain["incomplete_details"]) == ("completed", None)
    assert (plain["instructions"], plain["metadata"]) == ("Be brief.", {"k": "v"})
    (bill,) = provider.billed()
    assert plain["usage"]["input_tokens"] == bill["prompt_tokens"]
    assert plain["usage"]["output_tokens"] == bill["completion_tokens"]
    told = events(client.respond(instructions="Be brief.", stream=True))
    assert [one["type"] for one in told if not one["type"].endswith("delta")] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    whole = told[-1]["response"]
    assert (
        "".join(one["delta"] for one in told if one["type"].endswith("text.delta"))
        == (whole["output"][0]["content"][0]["text"])
    )
    assert whole["output"][0]["content"] == message["content"]
    assert whole["usage"] == plain["usage"]
    assert len({one["response"]["id"] for one in told if "response" in one}) == 1


@pytest.mark.parametrize("on", ["openai", "anthropic", "local"])
def test_tools_are_called_and_their_results_come_back(
    gateway: Gateway, caller: Callers, on: str
) -> None:
    gateway(on=on, openai_model="gpt-4o-mini", anthropic_model="claude-haiku-4-5")
    sdk = caller().sdk()
    tools: Any = [WEATHER, WEATHER | {"name": "news"}]
    talk: list[Any] = [{"role": "user", "content": "Rome?"}]
    asked = sdk.responses.create(model="default", input=talk, tools=tools)
    validate_openai("Response", asked.model_dump(mode="json", exclude_unset=True))
    calls: list[Any] = [one for one in asked.output if one.type == "function_call"]
    assert calls
    with sdk.responses.stream(model="default", input=talk, tools=tools) as stream:
        streamed: list[Any] = [
            one.item for one in stream if one.type == "response.output_item.done"
        ]
        final = stream.get_final_response()
    assert [(one.name, json.loads(one.arguments)) for one in streamed] == [
        (one.name, json.loads(one.arguments)) for one in calls
    ]
    assert [one.model_dump(exclude={"parsed_arguments"}) for one in final.output] == [
        one.model_dump() for one in streamed
    ]
    talk += [one.model_dump() for one in final.output]
    talk += [
        {"type": "function_call_output", "call_id": one.call_id, "output": "sunny"}
        for one in streamed
    ]
    after = sdk.responses.create(model="default", input=talk, tools=tools)
    assert after.output[-1].type == ("function_call" if on == "local" else "message")


def test_streamed_calls_come_one_after_the_other(client: Caller) -> None:
    told = events(client.respond(stream=True, tools=[WEATHER, WEATHER | {"name": "news"}]))
    names = [one["type"] for one in told if not one["type"].endswith("delta")]
    assert names == [
        "response.created",
        "response.in_progress",
        *(
            "response.output_item.added",
            "response.function_call_arguments.done",
            "response.output_item.done",
        )
        * 2,
        "response.completed",
    ]
    assert [one["output_index"] for one in told if one["type"].endswith("item.done")] == [0, 1]
    output = told[-1]["response"]["output"]
    assert [one["name"] for one in output] == ["weather", "news"]
    for at, item in enumerate(output):
        said = [
            one["delta"]
            for one in told
            if one["type"].endswith("arguments.delta") and one["output_index"] == at
        ]
        assert "".join(said) == item["arguments"]


def test_json_of_a_schema_is_parsed_by_the_official_clients(client: Caller) -> None:
    answer = client.sdk().responses.parse(model="default", input="Go.", text_format=Report)
    assert isinstance(answer.output_parsed, Report)

    async def ask() -> Any:
        address = f"{client.address}/v1"
        async with AsyncOpenAI(api_key=client.secret, base_url=address, max_retries=0) as sdk:
            how: Any = {"model": "default", "input": "Go.", "text_format": Report}
            async with sdk.responses.stream(**how) as stream:
                return await stream.get_final_response()

    assert asyncio.run(ask()).output_parsed == answer.output_parsed


@pytest.mark.parametrize(
    ("model", "limit", "reason"),
    [
        ("gpt-4o-mini-tokens-200", 16, "max_output_tokens"),
        ("gpt-4o-mini-content-filter", None, "content_filter"),
    ],
)
def test_an_answer_that_was_cut_is_incomplete(
    gateway: Gateway, caller: Callers, model: str, limit: int | None, reason: str
) -> None:
    gateway(on="openai", openai_model=model)
    client = caller()
    plain = client.respond(max_output_tokens=limit).json()
    validate_openai("Response", plain)
    *_, last = events(client.respond(max_output_tokens=limit, stream=True))
    assert last["type"] == "response.incomplete"
    for response in (plain, last["response"]):
        assert (response["status"], response["incomplete_details"]) == (
            "incomplete",
            {"reason": reason},
        )
        assert response["output"][-1]["status"] == "incomplete"
        assert response["max_output_tokens"] == limit


@pytest.mark.parametrize("fault", ["refusal", "empty-text", "nul-text", "surrogate-text"])
def test_odd_answers_come_through(gateway: Gateway, caller: Callers, fault: str) -> None:
    gateway(on="openai", openai_model=f"gpt-4o-mini-{fault}")
    client = caller()
    plain = client.respond().json()
    validate_openai("Response", plain)
    streamed = events(client.respond(stream=True))[-1]["response"]
    assert streamed["output"][0]["content"] == plain["output"][0]["content"]
    kind = "refusal" if fault == "refusal" else "output_text"
    assert [part["type"] for part in plain["output"][0]["content"]] == [kind]


def test_cached_and_reasoning_tokens_are_told(gateway: Gateway, caller: Callers) -> None:
    gateway(on="openai", openai_model="gpt-4o-mini-cached-4-reasoning-7")
    usage = caller().respond(input="Some words to be read by it.").json()["usage"]
    assert usage["input_tokens_details"]["cached_tokens"] == 4
    assert usage["output_tokens_details"]["reasoning_tokens"] == 7
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


@pytest.mark.parametrize("fault", ["stream-cut", "stream-error", "malformed-chunk"])
def test_a_stream_that_breaks_after_its_first_word_ends_as_failed(
    server: Server, gateway: Gateway, caller: Callers, fault: str
) -> None:
    gateway(openai_model=f"gpt-4o-mini-tokens-40-{fault}", anthropic_model="claude-haiku-4-5")
    client = caller()
    *_, last = events(client.respond(stream=True))
    assert last["type"] == "response.failed"
    assert last["response"]["status"] == "failed"
    assert last["response"]["error"]["code"] == "server_error"
    assert "openai:gpt-4o-mini" in last["response"]["error"]["message"]
    server.stop()
    assert not Reservation.objects.exists()


def test_a_stream_that_fails_before_its_first_word_is_answered_by_the_next_provider(
    gateway: Gateway, caller: Callers
) -> None:
    gateway(openai_model="gpt-4o-mini-error-503", anthropic_model="claude-haiku-4-5")
    answer = caller().respond(stream=True)
    assert events(answer)[-1]["response"]["model"] == "claude-haiku-4-5"
    assert answer.headers["x-agentplatform-provider"] == "anthropic"


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_what_was_used_is_charged_and_told(
    server: Server, caller: Callers, gateway: Gateway, provider: Provider, stream: bool
) -> None:
    gateway(openai_model="gpt-4o-mini")
    client = caller(has_user=True, token_budget=100_000)
    answer = client.respond(stream=stream)
    assert answer.headers["x-agentplatform-call-id"]
    assert answer.headers["x-agentplatform-remaining-tokens"]
    server.stop()
    (bill,) = provider.billed()
    used = bill["prompt_tokens"] + bill["completion_tokens"]
    accounts = Account.objects.filter(tenant_id=client.tenant_id, unit="tokens")
    assert {(one.posted, one.reserved) for one in accounts} == {(used, 0)}
    assert LedgerEntry.objects.get().tokens == used
    assert LlmEvent.objects.get().status == "success"


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_without_room_in_the_budget_or_over_a_rate_limit_a_request_is_refused(
    gateway: Gateway, caller: Callers, provider: Provider, stream: bool
) -> None:
    gateway(openai_model="gpt-4o-mini")
    told = error(caller(token_budget=20).respond(stream=stream), 429)
    assert (told["type"], told["code"]) == ("insufficient_quota", "budget_exceeded")
    client = caller()
    rate = Rate(requests_per_minute=None, tokens_per_minute=50)
    set_rate_limit(tenant_id=client.tenant_id, owner=OWN_RATE, rate=rate, at=now())
    told = error(client.respond(stream=stream), 429)
    assert (told["type"], told["code"]) == ("tokens", "rate_limit_exceeded")
    assert provider.requests()["total"] == 0


def test_a_wrong_request_is_refused_and_nobody_is_asked(client: Caller, provider: Provider) -> None:
    told = error(client.respond(previous_response_id="resp_1"), 400)
    assert (told["param"], told["code"]) == ("previous_response_id", "unsupported")
    with pytest.raises(openai.BadRequestError, match="nothing is stored"):
        client.sdk().responses.create(model="default", input="Hi.", store=True)
    assert error(client.respond(model="nobody:model"), 404)["code"] == "model_not_found"
    assert error(client.get("/v1/responses/resp_1"), 404)["code"] == "not_found"
    assert provider.requests()["total"] == 0


def test_repetitions_with_one_key_are_answered_once(client: Caller, provider: Provider) -> None:
    asked: Any = [
        ("/v1/responses", {"model": "default", "input": "Hi."}),
        ("/v1/responses", {"model": "default", "input": "Hi.", "stream": True}),
        ("/v1/embeddings", {"model": "text-embedding-3-small", "input": "Hi."}),
    ]
    for number, (path, body) in enumerate(asked):
        headers = {"idempotency-key": f"key-{number}"}
        first, second = (client.post(body, path=path, headers=headers) for _ in range(2))
        assert second.headers["idempotent-replayed"] == "true"
        assert first.text == second.text
    assert len(provider.billed()) == len(asked)
