"""Answers that are almost what a provider's format says: they are mended or refused as no answer,
never a failure of the gateway, and always charged."""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from apps.gateway.models import LlmEvent
from tests.integration.gateway.door.serving import Caller, Server
from tests.integration.gateway.door.test_chat_stream import assert_settled
from tests.integration.gateway.door.upstream import Upstream, as_stream, running_upstream
from tests.integration.gateway.scripted_server import CHAT, MESSAGE
from tests.provider.contract import validate_openai

pytestmark = pytest.mark.django_db(transaction=True)
Odd = Mapping[str, tuple[Any, bool]]
"""By what is odd about it: an answer or the events of a stream, and whether it can be mended."""
HELLO = [{"role": "user", "content": "Hi."}]
WISHES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": HELLO, "max_tokens": 50},
    "/v1/messages": {"messages": HELLO, "max_tokens": 50},
    "/v1/responses": {"input": HELLO, "max_output_tokens": 50},
}
SCHEMAS = {
    "/v1/chat/completions": "CreateChatCompletionResponse",
    "/v1/responses": "Response",
}
ENDS = ("[DONE]", "message_stop", "response.completed", "response.incomplete")
"""What a whole stream ends with."""


def chat(**changes: Any) -> dict[str, Any]:
    return CHAT | {"choices": [{"finish_reason": "stop", "message": {"content": "Hi."}} | changes]}


def said(**message: Any) -> dict[str, Any]:
    return chat(message={"role": "assistant", "content": "Hi."} | message)


def used(**usage: Any) -> dict[str, Any]:
    return CHAT | {"usage": CHAT["usage"] | usage}


def call(**function: Any) -> dict[str, Any]:
    return {"id": "a", "type": "function", "function": {"name": "x", "arguments": "{}"} | function}


OPENAI: Odd = {
    "content that is a number": (said(content=5), False),
    "content that is an object": (said(content={"a": 1}), False),
    "refusal that is a number": (said(content=None, refusal=5), False),
    "no message": (chat(message=None), False),
    "choice that is null": ({"choices": [None]}, False),
    "choices that are an object": ({"choices": {"a": 1}}, False),
    "a list": ([1], False),
    "null": (None, False),
    "calls that are a text": (said(tool_calls="abc"), False),
    "call that is null": (said(tool_calls=[None]), False),
    "call without a function": (said(tool_calls=[{"id": "a", "function": None}]), False),
    "call without an id": (said(tool_calls=[{"function": call()["function"]}]), True),
    "arguments that are an object": (said(tool_calls=[call(arguments={"a": 1})]), True),
    "arguments that are null": (said(tool_calls=[call(arguments=None)]), True),
    "unknown end": (chat(finish_reason="abort"), True),
    "end that is a number": (chat(finish_reason=5), True),
    "end that is a list": (chat(finish_reason=["stop"]), False),
    "negative usage": (used(prompt_tokens=-5), True),
    "negative usage of the cache": (used(prompt_tokens_details={"cached_tokens": -500}), True),
    "more cached than sent": (used(prompt_tokens_details={"cached_tokens": 500}), True),
    "usage beyond all bounds": (used(completion_tokens=10**30), True),
    "usage of half a token": (used(prompt_tokens=5.5), True),
    "usage in words": (used(prompt_tokens="five"), True),
    "usage that is a list": (CHAT | {"usage": [1]}, True),
    "details that are a list": (used(completion_tokens_details=[1]), True),
}


def message(**changes: Any) -> dict[str, Any]:
    return MESSAGE | changes


def block(**fields: Any) -> dict[str, Any]:
    return message(content=[fields])


ANTHROPIC: Odd = {
    "content of texts": (message(content=["Hi."]), False),
    "no content": (message(content=None), False),
    "block without a type": (block(text="Hi."), False),
    "text that is a number": (block(type="text", text=5), False),
    "call without an id": (block(type="tool_use", name="x", input={}), False),
    "name that is a number": (block(type="tool_use", id="a", name=5, input={}), False),
    "input that is a list": (block(type="tool_use", id="a", name="x", input=[1]), True),
    "unknown end": (message(stop_reason="tired"), True),
    "stop sequence that is a number": (message(stop_sequence=5), False),
    "negative usage": (message(usage={"input_tokens": -5, "output_tokens": 2}), True),
    "usage beyond all bounds": (
        message(usage=MESSAGE["usage"] | {"cache_read_input_tokens": 10**25}), True,
    ),
    "usage that is a list": (message(usage=[1]), True),
}  # fmt: skip


def delta(**fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields}]}


WORD = delta(content="Hello")
END = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
USAGE = {"choices": [], "usage": CHAT["usage"]}
OPENAI_STREAMS: Odd = {
    "text that is a number": ([WORD, delta(content=5), END, USAGE], False),
    "text that is a list": ([delta(content=["a"]), END, USAGE], False),
    "refusal that is a number": ([delta(refusal=5), END, USAGE], False),
    "delta that is a text": ([{"choices": [{"delta": "x"}]}, END, USAGE], False),
    "chunk that is a number": ([5, END, USAGE], False),
    "places of two kinds": (
        [delta(tool_calls=[call() | {"index": one} for one in ("a", 0)]), END, USAGE], False,
    ),
    "name that is a number": ([delta(tool_calls=[call(name=5)]), END, USAGE], False),
    "arguments that are an object": ([delta(tool_calls=[call(arguments={})]), END, USAGE], False),
    "call without an id": (
        [delta(tool_calls=[{"function": call()["function"]}]), END, USAGE], True,
    ),
    "unknown end": ([WORD, {"choices": [{"delta": {}, "finish_reason": "abort"}]}, USAGE], True),
    "negative usage": ([WORD, END, {"choices": [], "usage": {"prompt_tokens": -5}}], True),
    "usage that is a text": ([WORD, END, {"choices": [], "usage": "x"}], True),
}  # fmt: skip
START = {"type": "message_start", "message": {"usage": {"input_tokens": 5, "output_tokens": 1}}}
TEXT = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
STOP = {
    "type": "message_delta",
    "delta": {"stop_reason": "end_turn"},
    "usage": {"output_tokens": 2},
}
LAST = {"type": "message_stop"}


def piece(**fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": 0, "delta": fields}


HI = piece(type="text_delta", text="Hi.")
ANTHROPIC_STREAMS: Odd = {
    "text that is a number": ([START, TEXT, piece(type="text_delta", text=5), STOP, LAST], False),
    "text that is a list": ([START, TEXT, piece(type="text_delta", text=["a"]), STOP, LAST], False),
    "places of two kinds": ([START, TEXT, TEXT | {"index": "a"}, HI, STOP, LAST], False),
    "start without a message": ([{"type": "message_start", "message": None}], False),
    "chunk that is a list": ([[1]], False),
    "name that is a number": (
        [
            START,
            TEXT | {"content_block": {"type": "tool_use", "id": 5, "name": 5}},
            STOP,
            LAST,
        ],
        False,
    ),
    "negative usage": ([START, TEXT, HI, STOP | {"usage": {"output_tokens": -2}}, LAST], True),
    "usage beyond all bounds": (
        [START, TEXT, HI, STOP | {"usage": {"output_tokens": 10**25}}, LAST], True,
    ),
}  # fmt: skip


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running_upstream() as running:
        yield running


@pytest.mark.parametrize(
    ("on", "odd", "is_streamed"),
    [
        ("openai", OPENAI, False),
        ("anthropic", ANTHROPIC, False),
        ("openai", OPENAI_STREAMS, True),
        ("anthropic", ANTHROPIC_STREAMS, True),
    ],
    ids=["openai", "anthropic", "openai-streamed", "anthropic-streamed"],
)
def test_an_odd_answer_is_mended_or_refused_and_charged(
    upstream: Upstream,
    gateway: Callable[..., None],
    caller: Callable[..., Caller],
    server: Server,
    on: str,
    odd: Odd,
    is_streamed: bool,
) -> None:
    upstream.bodies = {name: _body(value) for name, (value, _) in odd.items()}
    gateway(
        on=on,
        openai_base_url=f"{upstream.address}/v1",
        anthropic_base_url=upstream.address,
        breaker_least_calls=1000,
    )
    client = caller()
    wanted = [(name, path) for name in odd for path in WISHES]

    def ask(case: tuple[str, str]) -> httpx.Response:
        name, path = case
        body = {"model": f"{on}:{name}", "stream": is_streamed}
        return client.post(body | WISHES[path], path=path)

    with ThreadPoolExecutor(12) as pool:
        answers = dict(zip(wanted, pool.map(ask, wanted), strict=True))
    server.stop()
    assert_settled()
    wrong = {
        f"{name} at {path}": why
        for (name, path), answer in answers.items()
        if (why := _problem(answer, path, is_mended=odd[name][1], is_streamed=is_streamed))
    }
    assert not wrong


def _body(value: Any) -> bytes:
    if isinstance(value, list) and value != [1]:
        return as_stream([json.dumps(event) for event in value] + ["[DONE]"])
    return json.dumps(value).encode()


def _problem(answer: httpx.Response, path: str, *, is_mended: bool, is_streamed: bool) -> str:
    """What is wrong with it; empty for nothing."""
    events = LlmEvent.objects.filter(call_id=answer.headers["x-agentplatform-call-id"])
    codes = set(events.values_list("error_code", flat=True))
    if codes != ({""} if is_mended else {"invalid_answer"}):
        return f"{codes}, {answer.text}"
    if not is_streamed and answer.status_code != (200 if is_mended else 503):
        return f"{answer.status_code}, {answer.text}"
    if is_mended and not is_streamed and path in SCHEMAS:
        validate_openai(SCHEMAS[path], answer.json())
    text = answer.text
    is_whole = any(end in text for end in ENDS) or not is_streamed
    is_told = "cannot be read" in text or "invalid_answer" in text
    return "" if (is_whole if is_mended else is_told) else text


def vectors(*data: Any, **more: Any) -> dict[str, Any]:
    return {"data": list(data), "usage": {"prompt_tokens": 3, "total_tokens": 3}} | more


PACKED = "AACAPwAAAEA="
ONE = {"index": 0, "embedding": PACKED}
EMBEDDINGS: Odd = {
    "numbers in a list": (vectors({"index": 0, "embedding": [1.0, 2.0]}), True),
    "no place": (vectors({"embedding": PACKED}), True),
    "place that is a text": (vectors({"index": "a", "embedding": PACKED}), False),
    "no vector": (vectors({"index": 0}), False),
    "vector that is null": (vectors({"index": 0, "embedding": None}), False),
    "vector that is no base64": (vectors({"index": 0, "embedding": "!!!"}), False),
    "vector of half a number": (vectors({"index": 0, "embedding": "AACAPwAA"}), False),
    "words among the numbers": (vectors({"index": 0, "embedding": [1, "a"]}), False),
    "empty vector": (vectors({"index": 0, "embedding": []}), False),
    "too many vectors": (vectors(ONE, ONE), False),
    "no vectors": (vectors(), False),
    "data that is null": (vectors(data=None), False),
    "a list": ([1], False),
    "negative usage": (vectors(ONE, usage={"prompt_tokens": -3}), True),
    "usage beyond all bounds": (vectors(ONE, usage={"prompt_tokens": 10**30}), True),
    "usage that is a list": (vectors(ONE, usage=[1]), True),
}


@pytest.mark.parametrize("form", ["float", "base64"])
def test_odd_vectors_are_mended_or_refused_and_charged(
    upstream: Upstream,
    gateway: Callable[..., None],
    caller: Callable[..., Caller],
    server: Server,
    form: str,
) -> None:
    upstream.bodies = {name: _body(value) for name, (value, _) in EMBEDDINGS.items()}
    gateway(on="openai", openai_base_url=f"{upstream.address}/v1", breaker_least_calls=1000)
    client = caller()

    def ask(name: str) -> httpx.Response:
        body = {"model": f"openai:{name}", "input": "Hi.", "encoding_format": form}
        return client.post(body, path="/v1/embeddings")

    with ThreadPoolExecutor(12) as pool:
        answers = dict(zip(EMBEDDINGS, pool.map(ask, EMBEDDINGS), strict=True))
    server.stop()
    assert_settled()
    wrong = {
        name: why
        for name, answer in answers.items()
        if (
            why := _problem(
                answer, "/v1/embeddings", is_mended=EMBEDDINGS[name][1], is_streamed=False
            )
        )
    }
    assert not wrong


@pytest.mark.parametrize("fault", ["nul-text", "surrogate-text", "empty-text", "refusal"])
@pytest.mark.parametrize("on", ["openai", "anthropic"])
def test_odd_answers_come_through(
    gateway: Callable[..., None], caller: Callable[..., Caller], on: str, fault: str
) -> None:
    gateway(on=on, openai_model=f"ok-{fault}", anthropic_model=f"ok-{fault}")
    client = caller()
    answer = client.chat()
    assert answer.status_code == 200
    validate_openai("CreateChatCompletionResponse", answer.json())
    assert client.chat(stream=True).text.endswith("data: [DONE]\n\n")
