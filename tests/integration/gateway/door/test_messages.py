"""POST /v1/messages, driven by Anthropic's own client: both providers behind it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import anthropic
import pytest

from apps.gateway.models import LlmEvent
from apps.tenants.models import LedgerEntry, Reservation
from tests.integration.gateway.door.serving import Caller, Server
from tests.integration.gateway.door.upstream import running_upstream
from tests.integration.gateway.scripted_server import CHAT, MESSAGE
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)
Callers = Callable[..., Caller]
Gateway = Callable[..., None]
HELLO: list[Any] = [{"role": "user", "content": "Hello."}]
WEATHER: Any = {
    "name": "weather",
    "description": "The weather.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
BOTH = pytest.mark.parametrize("on", ["openai", "anthropic"])


@pytest.fixture
def on() -> str:
    """The provider that answers."""
    return "anthropic"


@pytest.fixture
def client(gateway: Gateway, caller: Callers, on: str) -> Caller:
    gateway(on=on, openai_model="gpt-4o-mini", anthropic_model="claude-haiku-4-5")
    return caller()


@BOTH
def test_a_message_is_answered_and_charged_exactly(
    client: Caller, server: Server, provider: Provider, on: str
) -> None:
    answer = client.anthropic().messages.create(
        model="default", max_tokens=100, messages=HELLO, system="Be brief."
    )
    assert (answer.type, answer.role, answer.stop_reason) == ("message", "assistant", "end_turn")
    assert answer.content[0].type == "text"
    assert f"msg_{UUID(answer._request_id).hex}" == answer.id
    server.stop()
    (bill,) = provider.billed()
    assert answer.usage.output_tokens == bill["completion_tokens"]
    assert LedgerEntry.objects.get().tokens == bill["prompt_tokens"] + bill["completion_tokens"]
    assert not Reservation.objects.exists()


@BOTH
def test_a_streamed_message_is_the_plain_one_in_pieces(client: Caller, on: str) -> None:
    how: Any = {"model": "default", "max_tokens": 100, "messages": HELLO}
    plain = client.anthropic().messages.create(**how)
    with client.anthropic().messages.stream(**how) as stream:
        streamed = stream.get_final_message()
    assert [one.to_dict() for one in streamed.content] == [one.to_dict() for one in plain.content]
    assert streamed.stop_reason == plain.stop_reason
    assert streamed.usage.output_tokens == plain.usage.output_tokens
    assert streamed.usage.input_tokens == plain.usage.input_tokens


def test_a_stream_says_at_its_start_what_the_prompt_used_where_the_provider_does(
    client: Caller,
) -> None:
    how: Any = {"model": "default", "max_tokens": 100, "messages": HELLO}
    used = client.anthropic().messages.create(**how).usage.input_tokens
    with client.anthropic().messages.create(**how, stream=True) as events:
        first = next(iter(events))
    assert first.type == "message_start"
    assert first.message.usage.input_tokens == used > 0


def test_a_stream_that_is_cut_is_charged_for_the_prompt_what_the_provider_had_counted(
    gateway: Gateway, caller: Callers, server: Server, provider: Provider
) -> None:
    gateway(on="anthropic", anthropic_model="claude-haiku-4-5-tokens-40-stream-cut")
    body = {"model": "default", "max_tokens": 100, "messages": HELLO, "stream": True}
    assert "event: error" in caller().post(body, path="/v1/messages").text
    server.stop()
    (bill,) = provider.billed()
    event = LlmEvent.objects.get()
    assert (event.is_confirmed, event.prompt_tokens) == (False, bill["prompt_tokens"])
    assert bill["completion_tokens"] <= event.completion_tokens < 100


@BOTH
@pytest.mark.parametrize("is_streamed", [False, True], ids=["plain", "streamed"])
def test_tools_are_called_in_parallel_and_their_results_taken(
    client: Caller, on: str, is_streamed: bool
) -> None:
    messages = client.anthropic().messages
    how: Any = {"model": "default", "max_tokens": 500, "tools": [WEATHER]}
    if is_streamed:
        with messages.stream(messages=HELLO, **how) as stream:
            answer = stream.get_final_message()
    else:
        answer = messages.create(messages=HELLO, **how)
    calls = [block for block in answer.content if block.type == "tool_use"]
    assert answer.stop_reason == "tool_use"
    assert len(calls) == 2
    assert all(isinstance(call.input, dict) for call in calls)
    results: list[Any] = [
        {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"} for call in calls
    ]
    said: list[Any] = [
        *HELLO,
        {"role": "assistant", "content": [block.to_dict() for block in answer.content]},
        {"role": "user", "content": results},
    ]
    assert messages.create(messages=said, **how).stop_reason == "end_turn"


def test_what_anthropics_clients_ask_for_reaches_openai_in_its_words(
    gateway: Gateway, caller: Callers
) -> None:
    with running_upstream() as upstream:
        upstream.answer = CHAT
        gateway(on="openai", openai_base_url=f"{upstream.address}/v1", openai_model="m")
        image: Any = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
        content: Any = [{"type": "image", "source": image}, {"type": "text", "text": "What?"}]
        caller().anthropic().messages.create(
            model="default",
            max_tokens=50,
            system=[{"type": "text", "text": "Be brief."}],
            messages=[{"role": "user", "content": content}],
            tools=[WEATHER],
            tool_choice={"type": "tool", "name": "weather", "disable_parallel_tool_use": True},
            stop_sequences=["END"],
            metadata={"user_id": "u1"},
        )
        (sent,) = upstream.asked
    system, user = sent["messages"]
    assert system == {"role": "system", "content": "Be brief."}
    assert user["content"][0]["image_url"]["url"] == "data:image/png;base64,iVBORw0KGgo="
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "weather"}}
    assert sent["parallel_tool_calls"] is False
    assert (sent["stop"], sent["user"], sent["max_completion_tokens"]) == (["END"], "u1", 50)


def test_the_sequence_that_stopped_an_answer_is_told(gateway: Gateway, caller: Callers) -> None:
    with running_upstream() as upstream:
        upstream.answer = MESSAGE | {"stop_reason": "stop_sequence", "stop_sequence": "END"}
        gateway(on="anthropic", anthropic_base_url=upstream.address)
        answer = (
            caller()
            .anthropic()
            .messages.create(model="default", max_tokens=50, messages=HELLO, stop_sequences=["END"])
        )
    assert (answer.stop_reason, answer.stop_sequence) == ("stop_sequence", "END")


HOUR: Any = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
WRITTEN = {
    "input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 20,
    "cache_creation_input_tokens": 70,
    "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 40},
}  # fmt: skip
COST = 10 * 1_000 + 20 * 100 + 30 * 1_250 + 40 * 2_000 + 5 * 5_000


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions"])
def test_what_is_cached_for_an_hour_is_marked_and_charged_as_that(
    gateway: Gateway, caller: Callers, server: Server, path: str
) -> None:
    content = [{"type": "text", "text": "A long story.", **HOUR}, {"type": "text", "text": "Why?"}]
    messages = [{"role": "user", "content": content}]
    with running_upstream() as upstream:
        upstream.answer = MESSAGE | {"usage": WRITTEN}
        gateway(on="anthropic", anthropic_base_url=upstream.address)
        body = {"model": "claude-haiku-4-5", "max_tokens": 50, "messages": messages}
        answer = caller(usd_nanos=10**9).post(body, path=path).json()
        (sent,) = upstream.asked
    assert sent["messages"] == messages
    server.stop()
    assert LedgerEntry.objects.get().cost_nanos == COST
    told = answer["usage"]
    if path == "/v1/messages":
        assert told == WRITTEN
    else:
        assert told["prompt_tokens_details"]["cache_write_tokens"] == 70


def test_tokens_are_counted_without_asking_a_provider(client: Caller, provider: Provider) -> None:
    def count(*content: Any) -> int:
        said: list[Any] = [{"role": "user", "content": ["Hello.", *content][-1]}]
        how: dict[str, Any] = {"model": "anthropic:claude-haiku-4-5", "messages": said}
        return client.anthropic().messages.count_tokens(**how).input_tokens

    assert 1 < count() < 50
    source = {"type": "url", "url": "https://example.com/a.png"}
    assert 4_800 < count([{"type": "image", "source": source}]) < 5_200
    assert provider.requests()["total"] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": -1}, "less than 1"),
        ({"messages": []}, "at least one message"),
        ({"messages": [{"role": "user", "content": [{"type": "video"}]}]}, "'video' is none of"),
        ({"top_z": 1}, "top_z: this parameter is not known"),
        ({"messages": [{"role": "user", "content": []}]}, "at least one block"),
        ({"messages": [{"role": "assistant", "content": []}]}, "a message of the user"),
        ({"thinking": {"type": "deep"}}, "'deep' is none of"),
        ({"tool_choice": {"type": "auto"}}, "with 'tools'"),
    ],
)
def test_a_wrong_request_is_refused_in_anthropics_words(
    client: Caller, change: dict[str, Any], message: str
) -> None:
    body = {"model": "default", "max_tokens": 10, "messages": HELLO} | change
    answer = client.post(body, path="/v1/messages")
    told = answer.json()
    assert (answer.status_code, told["type"]) == (400, "error")
    assert told["error"]["type"] == "invalid_request_error"
    assert message in told["error"]["message"]


@pytest.mark.parametrize("is_streamed", [False, True], ids=["plain", "streamed"])
def test_the_tool_runner_of_anthropics_client_goes_on_without_threads(
    client: Caller, is_streamed: bool
) -> None:
    @anthropic.beta_tool
    def weather(city: str) -> str:
        """The weather of a city."""
        return f"It is sunny in {city}."

    runner = client.anthropic().beta.messages.tool_runner(
        model="default", max_tokens=200, messages=HELLO, tools=[weather], stream=is_streamed
    )
    assert runner.until_done().stop_reason == "end_turn"


def test_errors_are_those_that_anthropics_client_raises(gateway: Gateway, caller: Callers) -> None:
    gateway(on="anthropic", anthropic_model="claude-haiku-4-5-tokens-40-stream-cut")
    how: Any = {"model": "default", "max_tokens": 100, "messages": HELLO}
    with pytest.raises(anthropic.AuthenticationError):
        replace(caller(), secret="nobody").anthropic().messages.create(**how)
    with pytest.raises(anthropic.RateLimitError):
        caller(token_budget=20).anthropic().messages.create(**how)
    with (
        pytest.raises(anthropic.APIStatusError),
        caller().anthropic().messages.stream(**how) as stream,
    ):
        stream.get_final_message()
