"""Each fault looks on the wire as its name says."""

import http.client
import json
import time

import pytest

from tests.provider import Provider
from tests.provider.raw import post
from tests.provider.samples import chat, message, openai_tool

CHAT = "/v1/chat/completions"
PATHS = pytest.mark.parametrize("path", [CHAT, "/v1/messages"])


def ask(path: str, model: str, **more: object) -> dict[str, object]:
    return (chat if path == CHAT else message)(model, **more)


@PATHS
@pytest.mark.parametrize("fault", ["malformed-json", "empty-body"])
def test_body_is_no_json(provider: Provider, path: str, fault: str) -> None:
    reply = post(provider, path, ask(path, fault))
    assert reply.status == 200
    with pytest.raises(json.JSONDecodeError):
        _ = reply.json


@PATHS
def test_body_has_the_wrong_shape(provider: Provider, path: str) -> None:
    body = post(provider, path, ask(path, "wrong-shape")).json
    assert "choices" not in body
    assert "content" not in body


@PATHS
@pytest.mark.parametrize("stream", [False, True])
def test_body_breaks_off(provider: Provider, path: str, stream: bool) -> None:
    with pytest.raises(http.client.IncompleteRead):
        post(provider, path, ask(path, "stream-cut", stream=stream))


@PATHS
def test_connection_is_reset(provider: Provider, path: str) -> None:
    for fault in ("reset-before-headers", "lost-answer"):
        with pytest.raises(ConnectionError):
            post(provider, path, ask(path, fault))


@PATHS
def test_a_chunk_is_malformed(provider: Provider, path: str) -> None:
    events = post(provider, path, ask(path, "malformed-chunk", stream=True)).events
    broken = [event for event in events if event != "[DONE]" and not _is_json(event)]
    assert len(broken) == 1


@PATHS
def test_a_stream_has_no_end_mark(provider: Provider, path: str) -> None:
    whole = post(provider, path, ask(path, "ok", stream=True)).events
    ended = post(provider, path, ask(path, "no-done", stream=True)).events
    assert len(ended) == len(whole) - 1


@PATHS
@pytest.mark.parametrize("fault", ["slow-headers-300", "slow-body-300", "latency-300"])
@pytest.mark.parametrize("stream", [False, True])
def test_slow_answers_arrive_whole(provider: Provider, path: str, fault: str, stream: bool) -> None:
    began = time.monotonic()
    reply = post(provider, path, ask(path, fault, stream=stream))
    assert time.monotonic() - began >= 0.25
    assert reply.events if stream else reply.json["id"]


@PATHS
def test_text_is_what_postgresql_refuses(provider: Provider, path: str) -> None:
    assert "\\u0000" in post(provider, path, ask(path, "nul-text")).raw.decode()
    assert "\\ud800" in post(provider, path, ask(path, "surrogate-text")).raw.decode()


@pytest.mark.parametrize("stream", [False, True])
def test_body_is_as_large_as_it_says(provider: Provider, stream: bool) -> None:
    reply = post(provider, CHAT, chat("body-2mb", stream=stream))
    assert len(reply.raw) > 2 * 1024 * 1024
    [bill] = [b for b in provider.billed(model="body-2mb") if b["is_streamed"] is stream]
    assert bill["completion_tokens"] == 10


@pytest.mark.parametrize(
    ("fault", "arguments"),
    [
        ("bad-arguments", '{"half": '),
        ("nan-arguments", '{"value": NaN}'),
        ("wrong-arguments", '{"no_such_argument": [1]}'),
    ],
)
def test_tool_arguments_are_wrong(provider: Provider, fault: str, arguments: str) -> None:
    answer = post(provider, CHAT, chat(fault, tools=[openai_tool()])).json
    calls = answer["choices"][0]["message"]["tool_calls"]
    assert {call["function"]["arguments"] for call in calls} == {arguments}


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
