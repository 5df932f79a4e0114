"""The events of a response: of every kind of answer, and the same as the whole."""

import json
from typing import Any
from uuid import UUID

import pytest

from agentplatform.core.clock import now
from apps.gateway.contracts import Completion, CompletionRequest, Message, Usage
from apps.gateway.doors.body import Bounds
from apps.gateway.doors.refusals import Refusal
from apps.gateway.doors.response_answer import response_of
from apps.gateway.doors.response_request import read_response
from apps.gateway.doors.response_stream import ResponseTeller
from apps.gateway.services.attempt import CallOwner, Completed, Job
from tests.provider.contract import validate_openai

USAGE = Usage(prompt_tokens=5, completion_tokens=4, cached_tokens=2)
JOB = Job(
    owner=CallOwner(call_id=UUID(int=1), tenant_id=UUID(int=2)),
    request=CompletionRequest(messages=(Message(role="user"),), is_verbatim=True),
    accounts=(),
    at=now(),
)
TOLD = read_response(
    b'{"model": "m", "input": "Hi.", "tools": [{"type": "function", "name": "a"}]}',
    bounds=Bounds(image_bytes=1, passes_unknown=False),
).told
LOGPROB = {"token": "Hi", "logprob": -0.5, "bytes": None, "top_logprobs": []}


def call(number: int, arguments: str, **head: Any) -> dict[str, Any]:
    function = {"arguments": arguments} | ({"name": head.pop("name")} if head else {})
    return {"tool_calls": [{"index": number, "function": function, **head}]}


ANSWERS: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str]] = {
    "a text and calls": (
        [
            {"role": "assistant", "content": ""},
            {"content": "Wa"},
            {"content": "it."},
            call(0, "", id="c0", name="a"),
            call(0, '{"x"'),
            call(0, ": 1}"),
            call(1, "{}", id="c1", name="b"),
        ],
        {
            "content": "Wait.",
            "tool_calls": [
                {"id": "c0", "function": {"name": "a", "arguments": '{"x": 1}'}},
                {"id": "c1", "function": {"name": "b", "arguments": "{}"}},
            ],
        },
        "tool_calls",
    ),
    "a text and a refusal": (
        [{"content": "Well"}, {"refusal": "I will "}, {"refusal": "not."}],
        {"content": "Well", "refusal": "I will not."},
        "stop",
    ),
    "nothing": ([{"role": "assistant"}], {"content": None}, "stop"),
    "a call that was cut": (
        [call(0, '{"x', id="c0", name="a")],
        {
            "content": None,
            "tool_calls": [{"id": "c0", "function": {"name": "a", "arguments": '{"x'}}],
        },
        "length",
    ),
}


def told_by(teller: ResponseTeller, deltas: list[dict[str, Any]], finish_reason: str) -> bytes:
    for delta in deltas:
        teller.on_choice({"delta": delta, "finish_reason": None})
    teller.on_choice({"delta": {}, "finish_reason": finish_reason})
    return teller.finish(USAGE)


def events_of(raw: bytes) -> list[dict[str, Any]]:
    events = [json.loads(one.split("data: ")[1]) for one in raw.decode().split("\n\n")[:-1]]
    for event in events:
        validate_openai("ResponseStreamEvent", event)
    assert [one["sequence_number"] for one in events] == list(range(len(events)))
    return events


def completed(message: dict[str, Any], finish_reason: str, logprobs: Any = None) -> Completed:
    choice = {"message": message, "finish_reason": finish_reason, "logprobs": logprobs}
    completion = Completion(text="", stop_reason="stop", usage=USAGE, provider="p", model="")
    return Completed(completion, attempt=None, choice=choice)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ANSWERS)
def test_the_pieces_of_an_answer_are_those_of_the_whole(name: str) -> None:
    deltas, message, finish_reason = ANSWERS[name]
    events = events_of(told_by(ResponseTeller(JOB, told=TOLD), deltas, finish_reason))
    whole = response_of(JOB, completed(message, finish_reason), told=TOLD)
    validate_openai("Response", whole)
    assert events[-1]["response"] == whole
    done = [one["item"] for one in events if one["type"] == "response.output_item.done"]
    assert done == whole["output"]
    open_items = 0
    for event in events:
        open_items += event["type"] == "response.output_item.added"
        open_items -= event["type"] == "response.output_item.done"
        assert open_items in (0, 1)


def test_logprobs_come_with_the_text_that_they_are_of() -> None:
    teller = ResponseTeller(JOB, told=TOLD)
    teller.on_choice({"delta": {"content": "Hi"}, "logprobs": {"content": [LOGPROB]}})
    events = events_of(teller.finish(USAGE))
    wanted = [LOGPROB | {"bytes": []}]
    for kind in ("delta", "done"):
        (event,) = (one for one in events if one["type"] == f"response.output_text.{kind}")
        assert event["logprobs"] == wanted
    whole = response_of(
        JOB, completed({"content": "Hi"}, "stop", {"content": [LOGPROB]}), told=TOLD
    )
    validate_openai("Response", whole)
    assert whole["output"][0]["content"][0]["logprobs"] == wanted
    assert events[-1]["response"]["output"] == whole["output"]


def test_an_answer_that_breaks_off_has_failed_and_keeps_what_was_whole() -> None:
    teller = ResponseTeller(JOB, told=TOLD)
    teller.on_choice({"delta": {"content": "Wait."}})
    teller.on_choice({"delta": call(0, '{"x', id="c0", name="a")})
    begun = b"".join(teller._ready)
    *_, last = events_of(begun + teller.render_failure(Refusal("It broke.")))
    assert last["type"] == "response.failed"
    assert last["response"]["error"] == {"code": "server_error", "message": "It broke."}
    assert [one["type"] for one in last["response"]["output"]] == ["message"]
