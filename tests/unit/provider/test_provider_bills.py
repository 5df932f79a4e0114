"""What the provider billed is what it said, and it knows when nobody heard it."""

import contextlib
import http.client
import json
import socket
from pathlib import Path
from typing import Any

import openai
import pytest

from agentplatform.core.wait import wait_for
from tests.provider import Provider, running_provider
from tests.provider.raw import HEADERS, post
from tests.provider.samples import HELLO, chat, message, openai_tool

CHAT = "/v1/chat/completions"


def test_bill_is_the_usage(provider: Provider) -> None:
    name = "tokens-30-reasoning-5-cached-2-tag-bill"
    answer = post(
        provider,
        CHAT,
        chat(name),
        headers={**HEADERS, "Idempotency-Key": "abc", "X-Call-Id": "1", "X-Stainless-Os": "no"},
    ).json
    [bill] = provider.billed(model=name)
    assert bill["prompt_tokens"] == answer["usage"]["prompt_tokens"] == 6
    assert bill["completion_tokens"] == answer["usage"]["completion_tokens"] == 35
    assert (bill["reasoning_tokens"], bill["cached_tokens"]) == (5, 2)
    assert bill["path"] == CHAT
    assert answer["id"] == f"chatcmpl-{bill['request_id']}"
    assert bill["headers"] == {"idempotency-key": "abc", "x-call-id": "1"}
    assert (bill["is_streamed"], bill["is_cut"]) == (False, False)


@pytest.mark.parametrize(
    ("fault", "bills"),
    [
        ("error-500", 0), ("error-429", 0), ("window-1", 0), ("reset-before-headers", 0),
        ("lost-answer", 1), ("missing-usage", 1), ("empty-body", 1), ("malformed-json", 1),
    ],
)  # fmt: skip
def test_only_what_was_said_is_billed(provider: Provider, fault: str, bills: int) -> None:
    name = f"ok-{fault}-tag-once"
    with contextlib.suppress(ConnectionError, http.client.HTTPException):
        post(provider, CHAT, chat(name))
    assert len(provider.billed(model=name)) == bills


@pytest.mark.parametrize("fault", ["usage-above", "missing-usage"])
def test_wrong_usage(provider: Provider, fault: str) -> None:
    for path, body in ((CHAT, chat(f"{fault}-tag-a")), ("/v1/messages", message(f"{fault}-tag-b"))):
        usage = post(provider, path, body).json.get("usage", {})
        said = usage.get("completion_tokens", usage.get("output_tokens"))
        assert said == {"usage-above": 1010, "missing-usage": None}[fault]
        assert len(provider.billed(model=body["model"])) == 1


@pytest.mark.parametrize("path", [CHAT, "/v1/messages"])
@pytest.mark.parametrize("fault", ["stream-cut", "stream-error"])
def test_a_broken_stream_is_billed_as_far_as_it_went(
    provider: Provider, path: str, fault: str
) -> None:
    body = (chat if path == CHAT else message)(f"tokens-100-{fault}-tag-{path[-4:]}", stream=True)
    with contextlib.suppress(http.client.HTTPException):
        post(provider, path, body)
    [bill] = provider.billed(model=body["model"])
    assert bill["is_cut"]
    assert 40 < bill["completion_tokens"] < 60


def test_a_stream_whose_client_left_is_billed_as_far_as_it_went(provider: Provider) -> None:
    name = "tokens-200-pace-20-tag-left"
    raw = json.dumps(chat(name, stream=True)).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n"
    with socket.create_connection(("127.0.0.1", provider.port), timeout=10) as link:
        link.sendall(f"{head}Content-Length: {len(raw)}\r\n\r\n".encode() + raw)
        link.recv(100)
    [bill] = wait_for(
        lambda: provider.billed(model=name), timeout_seconds=10, what="the bill of the stream"
    )
    assert bill["is_cut"]
    assert bill["completion_tokens"] < 200


def test_an_answer_nobody_waited_for_is_billed(
    provider: Provider, openai_client: openai.OpenAI
) -> None:
    name = "latency-200-tag-impatient"
    with pytest.raises(openai.APITimeoutError):
        openai_client.chat.completions.create(model=name, messages=HELLO, timeout=0.05)
    wait_for(lambda: provider.billed(model=name), timeout_seconds=10, what="the bill")


@pytest.mark.parametrize("stream", [False, True])
def test_the_bill_is_there_when_the_answer_is(provider: Provider, stream: bool) -> None:
    for number in range(20):
        name = f"ok-tag-{stream}{number}"
        post(provider, CHAT, chat(name, stream=stream))
        assert len(provider.billed(model=name)) == 1


def test_bills_are_appended_to_the_file(tmp_path: Path) -> None:
    log = tmp_path / "billed.jsonl"
    for _ in range(2):
        with running_provider(log=log) as provider:
            post(provider, CHAT, chat())
            provider.reset()
            assert provider.billed() == []
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["model"] for line in lines] == ["ok", "ok"]
    assert len({line["request_id"] for line in lines}) == 2


def test_requests_are_counted(provider: Provider) -> None:
    provider.reset()
    post(provider, CHAT, chat())
    post(provider, "/v1/messages", message("error-529"))
    counts: dict[str, Any] = provider.requests()
    assert counts["total"] == 2
    assert counts["by_model"] == {"ok": 1, "error-529": 1}
    assert counts["by_status"] == {"200": 1, "529": 1}
    assert counts["in_flight"] == 0


def test_faults_come_and_go(provider: Provider) -> None:
    def statuses(model: str, count: int = 4) -> list[int]:
        return [post(provider, CHAT, chat(model)).status for _ in range(count)]

    assert statuses("fail-first-2-tag-x") == [500, 500, 200, 200]
    assert statuses("fail-first-1-error-429-tag-x") == [429, 200, 200, 200]
    assert statuses("fail-every-2-error-503-tag-x") == [200, 503, 200, 503]


def test_faults_are_set_at_run_time(provider: Provider) -> None:
    def statuses() -> tuple[int, int, int]:
        return (
            post(provider, CHAT, chat("gpt-4o")).status,
            post(provider, CHAT, chat("gpt-4.1")).status,
            post(provider, "/v1/messages", message("claude-haiku-4-5")).status,
        )

    provider.control(provider="openai", behaviour="error-503")
    assert statuses() == (503, 503, 200)
    provider.control(model="gpt-4o", behaviour="ok")
    assert statuses() == (200, 503, 200)
    provider.control(provider="openai")
    provider.control(model="gpt-4o")
    assert statuses() == (200, 200, 200)
    with pytest.raises(ValueError, match="does not exist"):
        provider.control(behaviour="eror-500")


def test_a_script_is_followed(provider: Provider) -> None:
    call = {"name": "weather", "arguments": {"city": "Oslo"}}
    provider.control(model="agent-tag-script", script=[{"tool_calls": [call]}, {"text": "Cold."}])
    body = chat("agent-tag-script", tools=[openai_tool()])
    first = post(provider, CHAT, body).json["choices"][0]["message"]
    assert json.loads(first["tool_calls"][0]["function"]["arguments"]) == {"city": "Oslo"}
    result = {"role": "tool", "tool_call_id": first["tool_calls"][0]["id"], "content": "-3"}
    second = post(provider, CHAT, body | {"messages": [*HELLO, first, result]}).json
    assert second["choices"][0]["message"]["content"] == "Cold."
    provider.control(model="agent-tag-script")
