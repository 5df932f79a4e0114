"""The official openai SDK drives the provider."""

import json

import openai
import pytest
from pydantic import BaseModel

from tests.provider import Provider
from tests.provider.samples import HELLO, openai_rounds, openai_tool

ERRORS = {
    "error-400": openai.BadRequestError,
    "error-400-context": openai.BadRequestError,
    "error-401": openai.AuthenticationError,
    "error-402": openai.APIStatusError,
    "error-403": openai.PermissionDeniedError,
    "error-404": openai.NotFoundError,
    "not-a-model": openai.NotFoundError,
    "error-409": openai.ConflictError,
    "error-422": openai.UnprocessableEntityError,
    "error-429": openai.RateLimitError,
    "error-429-quota": openai.RateLimitError,
    "error-500": openai.InternalServerError,
    "error-502-html": openai.InternalServerError,
    "error-529": openai.InternalServerError,
    "reset-before-headers": openai.APIConnectionError,
    "lost-answer": openai.APIConnectionError,
    "stream-cut": openai.APIConnectionError,
}


def test_text(openai_client: openai.OpenAI) -> None:
    answer = openai_client.chat.completions.create(model="tokens-7", messages=HELLO)
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 7
    assert answer.usage.prompt_tokens == 4 + 2


def test_stream_says_what_the_plain_answer_says(openai_client: openai.OpenAI) -> None:
    chat = openai_client.chat.completions
    plain = chat.create(model="tokens-50", messages=HELLO)
    chunks = list(
        chat.create(
            model="tokens-50",
            messages=HELLO,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == plain.choices[0].message.content
    assert chunks[-1].usage == plain.usage
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_two_tools_are_called_in_parallel(openai_client: openai.OpenAI) -> None:
    answer = openai_client.chat.completions.create(
        model="ok", messages=HELLO, tools=[openai_tool("one"), openai_tool("two")]
    )
    calls = answer.choices[0].message.tool_calls or []
    assert answer.choices[0].finish_reason == "tool_calls"
    assert [call.function.name for call in calls] == ["one", "two"]
    assert len({call.id for call in calls}) == 2
    assert json.loads(calls[0].function.arguments) == {"city": "aa"}


def test_streamed_tool_calls_add_up(openai_client: openai.OpenAI) -> None:
    with openai_client.chat.completions.stream(
        model="tool-parallel-3", messages=HELLO, tools=[openai_tool()]
    ) as stream:
        final = stream.get_final_completion()
    calls = final.choices[0].message.tool_calls or []
    assert [json.loads(call.function.arguments) for call in calls] == [{"city": "aa"}] * 3


def test_tool_choice_is_obeyed(openai_client: openai.OpenAI) -> None:
    create = openai_client.chat.completions.create
    tools = [openai_tool("one"), openai_tool("two")]
    after = openai_rounds(1)
    named = {"type": "function", "function": {"name": "two"}}
    forced = create(model="ok", messages=after, tools=tools, tool_choice="required")
    picked = create(model="ok", messages=HELLO, tools=tools, tool_choice=named)
    silent = create(model="ok", messages=HELLO, tools=tools, tool_choice="none")
    assert len(forced.choices[0].message.tool_calls or []) == 2
    assert [c.function.name for c in picked.choices[0].message.tool_calls or []] == ["two"]
    assert silent.choices[0].message.tool_calls is None


@pytest.mark.parametrize(("model", "turns"), [("agent", 2), ("agent-turns-4", 4)])
def test_an_agent_ends_after_its_turns(
    openai_client: openai.OpenAI, model: str, turns: int
) -> None:
    answers = [
        openai_client.chat.completions.create(
            model=model, messages=openai_rounds(done), tools=[openai_tool()]
        )
        for done in range(turns)
    ]
    reasons = [answer.choices[0].finish_reason for answer in answers]
    assert reasons == ["tool_calls"] * (turns - 1) + ["stop"]


def test_structured_output_parses(openai_client: openai.OpenAI) -> None:
    class Point(BaseModel):
        name: str
        x: int

    answer = openai_client.chat.completions.parse(model="ok", messages=HELLO, response_format=Point)
    assert answer.choices[0].message.parsed == Point(name="", x=0)


def test_stop_and_length(openai_client: openai.OpenAI) -> None:
    create = openai_client.chat.completions.create
    stopped = create(model="ok", messages=HELLO, stop=["test"]).choices[0]
    cut = create(model="tokens-50", messages=HELLO, max_completion_tokens=10)
    assert (stopped.finish_reason, stopped.message.content) == (
        "stop",
        "This is the answer of the ",
    )
    assert cut.choices[0].finish_reason == "length"
    assert cut.usage is not None
    assert cut.usage.completion_tokens == 10


@pytest.mark.parametrize("name", ERRORS)
def test_faults_are_the_errors_that_the_sdk_knows(openai_client: openai.OpenAI, name: str) -> None:
    with pytest.raises(ERRORS[name]):
        openai_client.chat.completions.create(model=name, messages=HELLO)


def test_rate_limit_says_when_to_come_back(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        openai_client.chat.completions.create(model="error-429-retry-2", messages=HELLO)
    assert caught.value.response.headers["retry-after"] == "2"
    assert caught.value.code == "rate_limit_exceeded"


@pytest.mark.parametrize("name", ["no-answer", "stream-stalled", "latency-60000"])
def test_silence_times_out(openai_client: openai.OpenAI, name: str) -> None:
    with pytest.raises(openai.APITimeoutError):
        openai_client.chat.completions.create(model=name, messages=HELLO, timeout=0.2)


def test_a_wrong_key_is_refused(provider: Provider) -> None:
    with (
        openai.OpenAI(api_key="invalid", base_url=provider.openai_base_url) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.chat.completions.create(model="ok", messages=HELLO)


def test_embeddings_and_models(openai_client: openai.OpenAI) -> None:
    embed = openai_client.embeddings.create
    packed = embed(model="text-embedding-3-small", input=["one", "two"], dimensions=16)
    plain = embed(
        model="text-embedding-3-small", input="one", dimensions=16, encoding_format="float"
    )
    assert [len(item.embedding) for item in packed.data] == [16, 16]
    assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-6)
    assert packed.data[0].embedding != packed.data[1].embedding
    assert "gpt-4o-mini" in {model.id for model in openai_client.models.list()}
    assert openai_client.models.retrieve("gpt-4o").id == "gpt-4o"


def test_responses(openai_client: openai.OpenAI) -> None:
    plain = openai_client.responses.create(model="ok", input="Hello.")
    events = list(openai_client.responses.create(model="ok", input="Hello.", stream=True))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == plain.output_text
