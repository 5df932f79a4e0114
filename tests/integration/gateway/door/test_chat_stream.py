"""POST /v1/chat/completions as a stream: chunks, ends, failures, and clients that leave."""

import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import openai
import pytest

from agentplatform.core.wait import wait_for
from apps.gateway.models import LlmEvent
from apps.tenants.models import Account, LedgerEntry, Reservation
from tests.integration.gateway.door.serving import Caller, Server
from tests.integration.gateway.door.upstream import running_upstream
from tests.provider import Provider
from tests.provider.contract import validate_openai

pytestmark = pytest.mark.django_db(transaction=True)
Callers = Callable[..., Caller]
Gateway = Callable[..., None]
HELLO = [{"role": "user", "content": "Hello."}]
WISHES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": HELLO},
    "/v1/messages": {"messages": HELLO, "max_tokens": 4096},
    "/v1/responses": {"input": "Hello."},
}
"""What is asked for at each endpoint that streams."""


def events(answer: httpx.Response) -> list[str]:
    assert answer.headers["content-type"].startswith("text/event-stream")
    return [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]


@pytest.mark.parametrize("on", ["openai", "anthropic", "local"])
def test_a_stream_is_chunks_as_openai_defines_them_then_done(
    gateway: Gateway, caller: Callers, provider: Provider, on: str
) -> None:
    gateway(on=on, openai_model="gpt-4o-mini", anthropic_model="claude-haiku-4-5")
    answer = caller().chat(stream=True, stream_options={"include_usage": True})
    assert answer.status_code == 200
    *told, end = events(answer)
    assert end == "[DONE]"
    chunks = [json.loads(one) for one in told]
    for chunk in chunks:
        validate_openai("CreateChatCompletionStreamResponse", chunk)
    assert len({chunk["id"] for chunk in chunks}) == 1
    (bill,) = provider.billed()
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] == bill["completion_tokens"]
    assert "".join(one["choices"][0]["delta"].get("content") or "" for one in chunks[:-1])
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"


def test_without_include_usage_no_chunk_has_a_usage(client: Caller) -> None:
    *told, _ = events(client.chat(stream=True))
    assert all("usage" not in json.loads(one) for one in told)


@pytest.mark.parametrize("on", ["openai", "anthropic"])
def test_streamed_tool_calls_are_those_of_the_plain_answer(
    gateway: Gateway, caller: Callers, on: str
) -> None:
    gateway(on=on, openai_model="gpt-4o-mini", anthropic_model="claude-haiku-4-5")
    how: Any = {"model": "default", "messages": HELLO, "tools": [tool("one"), tool("two")]}
    sdk = caller().sdk()
    plain = sdk.chat.completions.create(**how).choices[0].message.tool_calls
    with sdk.chat.completions.stream(**how) as stream:
        streamed = stream.get_final_completion().choices[0].message.tool_calls
    assert plain is not None
    assert streamed is not None
    assert len(plain) == 2
    assert [(one.function.name, json.loads(one.function.arguments)) for one in plain] == [
        (one.function.name, json.loads(one.function.arguments)) for one in streamed
    ]


def test_a_stream_that_fails_before_its_first_word_is_answered_by_the_next_provider(
    gateway: Gateway, caller: Callers
) -> None:
    gateway(openai_model="gpt-4o-mini-error-503", anthropic_model="claude-haiku-4-5")
    answer = caller().chat(stream=True)
    assert events(answer)[-1] == "[DONE]"
    assert answer.headers["x-agentplatform-provider"] == "anthropic"
    assert answer.headers["x-agentplatform-fallback"] == "true"
    assert int(answer.headers["x-agentplatform-attempts"]) > 1


@pytest.mark.parametrize(
    ("on", "kind", "status"),
    [
        ("anthropic", "overloaded_error", 503),
        ("openai", "server_error", 503),
        ("openai", 503, 503),
        ("openai", "invalid_request_error", 400),
    ],
)
def test_an_answer_that_is_an_error_alone_means_what_the_error_says_and_costs_nothing(
    server: Server, gateway: Gateway, caller: Callers, on: str, kind: str | int, status: int
) -> None:
    error = {"type" if isinstance(kind, str) else "code": kind, "message": "Not now."}
    with running_upstream() as upstream:
        upstream.answer = {"type": "error", "error": error}
        upstream.events = [json.dumps(upstream.answer)]
        path = "/v1" if on == "openai" else ""
        where = {f"{on}_base_url": upstream.address + path}
        gateway(on=on, **where, call_deadline_seconds=3, breaker_least_calls=10_000)
        client = caller()
        answers = [client.chat(stream=True)]
        if on == "openai":
            upstream.events = []
            answers.append(client.chat())
        for answer in answers:
            assert answer.status_code == status
            assert "Not now." in answer.json()["error"]["message"]
        server.stop()
    assert not LedgerEntry.objects.exists()
    assert not Reservation.objects.exists()


@pytest.mark.parametrize("fault", ["stream-cut", "stream-error", "malformed-chunk"])
def test_a_stream_that_breaks_after_its_first_word_ends_with_an_error_and_no_done(
    server: Server, gateway: Gateway, caller: Callers, provider: Provider, fault: str
) -> None:
    gateway(openai_model=f"gpt-4o-mini-tokens-40-{fault}", anthropic_model="claude-haiku-4-5")
    client = caller()
    answer = client.chat(stream=True)
    assert answer.status_code == 200
    *_, last = events(answer)
    error = json.loads(last)
    validate_openai("ErrorResponse", error)
    assert error["error"]["code"] == "providers_failed"
    asked = client.sdk().chat.completions
    with (
        pytest.raises(openai.APIError),
        asked.create(model="default", messages=HELLO, stream=True) as stream,
    ):
        list(stream)
    server.stop()
    assert all(bill["model"].startswith("gpt-4o-mini") for bill in provider.billed())
    assert_settled()


@pytest.mark.parametrize("path", WISHES)
def test_a_client_that_leaves_ends_the_providers_answer_and_is_charged_what_came(
    server: Server, gateway: Gateway, caller: Callers, provider: Provider, path: str
) -> None:
    gateway(on="openai", openai_model="gpt-4o-mini-tokens-400-pace-20")
    client = caller()
    place = urlsplit(client.address)
    body = json.dumps({"model": "default", "stream": True} | WISHES[path]).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {client.secret}"
        f"\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((place.hostname, place.port)) as connection:
        connection.sendall(head.encode() + body)
        connection.recv(65536)
    wait_for(lambda: provider.requests()["in_flight"] == 0, timeout_seconds=30, what="the end")
    wait_for(LlmEvent.objects.exists, timeout_seconds=30, what="the event")
    server.stop()
    (bill,) = provider.billed()
    event = LlmEvent.objects.get()
    assert bill["is_cut"]
    assert (event.status, event.error_code) == ("unknown", "abandoned")
    assert not event.is_confirmed
    assert bill["completion_tokens"] <= event.completion_tokens + 2 < 400
    assert_settled()


def test_in_flight_streams_end_and_are_settled_when_the_server_is_told_to_stop(
    server: Server, gateway: Gateway, caller: Callers, provider: Provider
) -> None:
    gateway(on="openai", openai_model="gpt-4o-mini-tokens-40-pace-20")
    how: Any = {"model": "default", "messages": HELLO, "stream": True}
    client = caller()
    with httpx.stream(
        "POST",
        f"{client.address}/v1/chat/completions",
        json=how,
        headers={"authorization": f"Bearer {client.secret}"},
    ) as answer:
        pieces = answer.iter_text()
        next(pieces)
        server.begin_to_stop()
        text = "".join(pieces)
    assert text.endswith("data: [DONE]\n\n")
    server.stop()
    (bill,) = provider.billed()
    assert LedgerEntry.objects.get().tokens == bill["prompt_tokens"] + bill["completion_tokens"]
    assert_settled()


def tool(name: str) -> dict[str, Any]:
    city = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    return {"type": "function", "function": {"name": name, "parameters": city}}


def assert_settled() -> None:
    """Nothing is held, and posted is the sum of the ledger."""
    assert not Reservation.objects.exists()
    ledger = sum(LedgerEntry.objects.values_list("tokens", flat=True))
    for account in Account.objects.filter(unit="tokens"):
        assert (account.reserved, account.posted) == (0, ledger)
