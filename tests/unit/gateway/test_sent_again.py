"""What clients send back of what they were answered, and what they add of their own accord: it is
understood, and reaches each provider in its words."""

import json
from typing import Any

import pytest

from apps.gateway.contracts import CompletionRequest
from apps.gateway.doors.body import Bounds
from apps.gateway.doors.chat_request import read_chat
from apps.gateway.doors.message_request import read_message
from apps.gateway.doors.refusals import Refusal
from apps.gateway.doors.response_request import read_response
from apps.gateway.providers import anthropic_wire, openai_wire

BOUNDS = Bounds(image_bytes=100_000, passes_unknown=False)
HELLO = {"role": "user", "content": "Hello."}
DATA = "iVBORw0KGgo="
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": DATA}}


def chat(*messages: dict[str, Any], **more: Any) -> CompletionRequest:
    body = {"model": "m", "messages": messages, **more}
    return read_chat(json.dumps(body).encode(), bounds=BOUNDS).request


def message(*messages: dict[str, Any], **more: Any) -> CompletionRequest:
    body = {"model": "m", "max_tokens": 9, "messages": messages, **more}
    return read_message(json.dumps(body).encode(), bounds=BOUNDS).request


def called(arguments: str) -> dict[str, Any]:
    function = {"name": "w", "arguments": arguments, "parsed_arguments": None}
    return {"id": "c", "type": "function", "function": function, "index": 0}


SENT_AGAIN: dict[str, dict[str, Any]] = {
    "a whole dump of OpenAI's client": {
        "refusal": None, "annotations": None, "audio": None, "function_call": None,
        "tool_calls": None,
    },
    "a parsed answer": {"parsed": {"a": 1}},
    "thoughts of another provider": {"reasoning_content": "Hm.", "reasoning_details": [{}]},
    "what another gateway told": {"thinking_blocks": [], "provider_specific_fields": {"a": 1}},
    "a name that nobody knows, without a value": {"mood": None},
}  # fmt: skip


@pytest.mark.parametrize("what", SENT_AGAIN)
def test_an_answer_is_taken_back_as_clients_hold_it(what: str) -> None:
    said = {"role": "assistant", "content": "Hi."} | SENT_AGAIN[what]
    sent = openai_wire.to_wire(chat(HELLO, said))["messages"]
    assert sent == [HELLO, {"role": "assistant", "content": "Hi."}]


def test_arguments_that_are_no_json_reach_the_model_that_wrote_them() -> None:
    said = {"role": "assistant", "content": None, "tool_calls": [called('{"city": "Ro')]}
    result = {"role": "tool", "tool_call_id": "c", "content": "These are no JSON."}
    request = chat(HELLO, said, result)
    function = openai_wire.to_wire(request)["messages"][1]["tool_calls"][0]["function"]
    assert function == {"name": "w", "arguments": '{"city": "Ro'}
    use = anthropic_wire.to_wire(request)["messages"][1]["content"][0]
    assert use["input"] == {"_unreadable": '{"city": "Ro'}


USES = [{"type": "tool_use", "id": name, "name": "w", "input": {}} for name in ("c1", "c2")]
SEEN = [{"type": "text", "text": "See:"}, IMAGE]


def shown_by_a_tool() -> CompletionRequest:
    results = [
        {"type": "tool_result", "tool_use_id": "c1", "content": SEEN},
        {"type": "tool_result", "tool_use_id": "c2", "content": "sunny", "is_error": False},
    ]
    return message(
        HELLO,
        {"role": "assistant", "content": USES},
        {"role": "user", "content": [*results, {"type": "text", "text": "Well?"}]},
    )


def test_an_image_of_a_tools_result_reaches_anthropic_where_it_was() -> None:
    turn = anthropic_wire.to_wire(shown_by_a_tool())["messages"][2]["content"]
    assert turn[0] == {"type": "tool_result", "tool_use_id": "c1", "content": SEEN}
    assert [block["type"] for block in turn] == ["tool_result", "tool_result", "text"]


def test_an_image_of_a_tools_result_is_shown_to_openai_behind_the_results() -> None:
    sent = openai_wire.to_wire(shown_by_a_tool())["messages"]
    assert [one["role"] for one in sent] == ["user", "assistant", "tool", "tool", "user", "user"]
    assert (sent[2]["content"], sent[3]["content"]) == ("See:", "sunny")
    assert "c1" in sent[4]["content"][0]["text"]
    assert sent[4]["content"][1]["image_url"]["url"] == f"data:image/png;base64,{DATA}"


def test_an_image_of_a_tools_result_is_held_as_an_image() -> None:
    large = IMAGE | {"source": IMAGE["source"] | {"data": DATA + "A" * 90_000}}  # type: ignore[operator]
    result = {"type": "tool_result", "tool_use_id": "c1", "content": [large]}
    request = message(
        HELLO, {"role": "assistant", "content": USES[:1]}, {"role": "user", "content": [result]}
    )
    assert anthropic_wire.bound_wire(anthropic_wire.to_wire(request)) < 10_000


def test_an_image_of_a_responses_result_is_carried_over() -> None:
    body = {
        "model": "m",
        "input": [
            {"type": "function_call", "call_id": "c", "name": "w", "arguments": "[]"},
            {
                "type": "function_call_output",
                "call_id": "c",
                "output": [{"type": "input_image", "image_url": f"data:image/png;base64,{DATA}"}],
            },
        ],
    }
    request = read_response(json.dumps(body).encode(), bounds=BOUNDS).request
    sent = anthropic_wire.to_wire(request)["messages"]
    assert sent[-1]["content"][0]["content"] == [IMAGE]


def test_what_a_system_says_in_the_midst_of_a_talk_is_understood() -> None:
    request = message(HELLO, {"role": "system", "content": [{"type": "text", "text": "Be brief."}]})
    assert [(one.role, one.content) for one in request.messages] == [
        ("user", "Hello."),
        ("system", "Be brief."),
    ]


def test_a_document_is_its_title_and_its_text() -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "It rains."}
    content = [{"type": "document", "source": source, "title": "Rome"}]
    (said,) = message({"role": "user", "content": content}).messages
    assert said.content == "Rome\n\nIt rains."


def test_what_anthropics_clients_add_to_a_request_changes_nothing() -> None:
    tool = {"name": "w", "input_schema": {"type": "object"}}
    added = {"eager_input_streaming": True, "input_examples": [{}], "cache_control": None}
    thinking = {"type": "enabled", "budget_tokens": 1024}
    plain = message(HELLO, tools=[tool])
    edits = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}
    wishes = {"thinking": thinking, "context_management": edits, "container": None}
    assert message(HELLO, tools=[tool | added], **wishes) == plain


MARK = {"cache_control": {"type": "ephemeral", "ttl": "5m"}}
ENDS = {"cache_control": {"type": "ephemeral"}}


HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}


def cached(**more: Any) -> CompletionRequest:
    system = [{"type": "text", "text": text, **mark} for text, mark in (("A", {}), ("B", MARK))]
    content = [{"type": "text", "text": "Long.", **MARK}, {"type": "text", "text": "Short."}]
    return message(
        {"role": "user", "content": content},
        {"role": "assistant", "content": [USES[0] | MARK]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", **MARK}]},
        **{"system": [*system, {"type": "text", "text": "C"}], **more},
    )


def test_the_ends_of_a_cache_reach_anthropic_where_they_were() -> None:
    tool = {"name": "w", "input_schema": {"type": "object"}} | HOUR
    body = anthropic_wire.to_wire(cached(tools=[tool]))
    assert body["system"] == [
        {"type": "text", "text": "A\n\nB", **ENDS},
        {"type": "text", "text": "C"},
    ]
    assert body["tools"][-1]["cache_control"] == HOUR["cache_control"]
    first, second, third = (one["content"] for one in body["messages"])
    assert first == [{"type": "text", "text": "Long.", **ENDS}, {"type": "text", "text": "Short."}]
    assert second == [USES[0] | ENDS]
    assert [block["cache_control"] for block in third] == [ENDS["cache_control"]]
    assert "cache_control" not in body


def test_a_cache_of_the_whole_request_ends_with_its_last_block() -> None:
    sent = anthropic_wire.to_wire(message(HELLO, **MARK))["messages"]
    assert sent == [{"role": "user", "content": [{"type": "text", "text": "Hello.", **ENDS}]}]


def test_words_about_the_form_of_an_answer_stay_behind_a_cached_system() -> None:
    body = anthropic_wire.to_wire(cached())
    body_in_words = anthropic_wire.to_wire(
        cached().model_copy(update={"options": {"response_format": {"type": "json_object"}}})
    )
    assert body_in_words["system"][0] == body["system"][0]
    assert body_in_words["system"][1]["text"].startswith("C\n\nAnswer only")


TOOL = {"type": "function", "function": {"name": "w"}}
CALLED = {"role": "assistant", "content": None, "tool_calls": [called("{}")]}


def said(role: str, *texts: str | dict[str, Any], **more: Any) -> dict[str, Any]:
    parts = [one if isinstance(one, dict) else text_part(one) for one in texts]
    return {"role": role, "content": parts, **more}


def text_part(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **more}


def marked_in_chat(**more: Any) -> CompletionRequest:
    """Marks in every place where a chat has them."""
    url = f"data:image/png;base64,{DATA}"
    image = {"type": "image_url", "image_url": {"url": url}, **MARK}
    return chat(
        said("system", "A", text_part("B", **HOUR), "C"),
        said("user", text_part("Long.", **MARK), "Short.", image),
        CALLED | {"content": "See:"} | MARK,
        said("tool", text_part("sunny", **MARK), tool_call_id="c"),
        **more,
    )


def test_marks_in_a_chat_reach_anthropic_where_they_were() -> None:
    body = anthropic_wire.to_wire(marked_in_chat(tools=[TOOL | HOUR]))
    assert body["tools"][-1]["cache_control"] == HOUR["cache_control"]
    assert body["system"] == [text_part("A\nB", **HOUR), text_part("C")]
    first, second, third = (one["content"] for one in body["messages"])
    assert first == [text_part("Long.", **ENDS), text_part("Short."), IMAGE | ENDS]
    assert [one.get("cache_control") for one in second] == [None, ENDS["cache_control"]]
    assert third[0]["content"] == "sunny"
    assert third[0]["cache_control"] == ENDS["cache_control"]


def test_a_mark_on_a_whole_chat_or_a_message_is_on_its_last_block() -> None:
    marked = [{"role": "user", "content": [text_part("Hello.", **HOUR)]}]
    for request in (chat(HELLO, **HOUR), chat(HELLO | HOUR)):
        assert anthropic_wire.to_wire(request)["messages"] == marked
        assert openai_wire.to_wire(request)["messages"] == [HELLO]
    function = {"type": "function", "function": TOOL["function"] | HOUR}
    tools = anthropic_wire.to_wire(chat(HELLO, tools=[function]))["tools"]
    assert tools[-1]["cache_control"] == HOUR["cache_control"]


def test_a_blank_part_that_ends_a_cache_is_left_out_as_every_blank_part_is() -> None:
    blank = text_part(" ", **MARK)
    body = anthropic_wire.to_wire(chat(said("system", blank, "A"), said("user", "Hello.", blank)))
    assert body["system"].strip() == "A"
    assert body["messages"] == [said("user", "Hello.")]


def test_openai_has_its_own_marks_and_none_of_anthropics() -> None:
    explicit = {"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}}
    parts = [text_part("Long.", **explicit), text_part("Short.", **MARK)]
    request = chat({"role": "user", "content": parts})
    sent = openai_wire.to_wire(request)["messages"]
    assert sent == [said("user", text_part("Long.", **explicit), "Short.")]
    assert anthropic_wire.to_wire(request)["messages"] == [
        said("user", "Long.", text_part("Short.", **ENDS))
    ]
    told = json.dumps(openai_wire.to_wire(marked_in_chat(tools=[TOOL | HOUR])))
    assert "cache" not in told


@pytest.mark.parametrize(
    ("mark", "param"),
    [
        ("ephemeral", "messages[0].content[0].cache_control"),
        ({"ttl": "1h"}, "messages[0].content[0].cache_control.type"),
        ({"type": "persistent"}, "messages[0].content[0].cache_control.type"),
        ({"type": "ephemeral", "ttl": "1d"}, "messages[0].content[0].cache_control.ttl"),
    ],
)
def test_a_mark_that_says_nothing_is_refused_by_its_name(mark: Any, param: str) -> None:
    with pytest.raises(Refusal) as refused:
        chat(said("user", text_part("Hello.", cache_control=mark)))
    assert refused.value.param == param


def test_openai_is_told_nothing_of_a_cache_and_of_failed_tools() -> None:
    told = json.dumps(openai_wire.to_wire(cached(tools=[{"name": "w", "input_schema": {}}])))
    assert "cache" not in told
    assert "error" not in told


def test_anthropic_is_told_that_a_tool_failed() -> None:
    result = {"type": "tool_result", "tool_use_id": "c1", "content": "No.", "is_error": True}
    request = message(
        HELLO, {"role": "assistant", "content": USES[:1]}, {"role": "user", "content": [result]}
    )
    assert anthropic_wire.to_wire(request)["messages"][2]["content"] == [result]
