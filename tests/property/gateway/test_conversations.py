"""Conversations in each provider's form: nothing is lost, and the form is always taken."""

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apps.gateway.contracts import CompletionRequest, Message, ToolUse
from apps.gateway.providers import anthropic_wire, openai_wire
from apps.gateway.providers.plain_messages import bound_turns, fit_window, plain_turns

# What stays of a system prompt, a question and the last two turns, each cut to its least.
LEAST = 500
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
ARGUMENTS = st.dictionaries(
    st.text("abc", min_size=1, max_size=3), st.integers() | TEXTS, max_size=2
)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Message, ...]:
    """A system prompt, then turns of user and assistant, each tool call with its result."""
    messages = [Message(role="system", content=draw(TEXTS))] if draw(st.booleans()) else []
    for turn in range(draw(st.integers(1, 4))):
        messages.append(Message(role="user", content=draw(TEXTS)))
        uses = tuple(
            ToolUse(
                id=f"call_{turn}_{n}",
                name=draw(st.sampled_from(["code", "http"])),
                arguments=draw(ARGUMENTS),
            )
            for n in range(draw(st.integers(0, 3)))
        )
        messages.append(Message(role="assistant", content=draw(TEXTS), tool_calls=uses))
        messages += [Message(role="tool", tool_call_id=use.id, content=draw(TEXTS)) for use in uses]
    return tuple(messages)


def _ask(messages: tuple[Message, ...]) -> CompletionRequest:
    return CompletionRequest(messages=messages)


def _from_openai(body: dict[str, Any]) -> Message:
    calls = tuple(
        ToolUse(
            id=call["id"],
            name=call["function"]["name"],
            arguments=json.loads(call["function"]["arguments"]),
        )
        for call in body.get("tool_calls", ())
    )
    return Message(
        role=body["role"],
        content=body["content"] or "",
        tool_calls=calls,
        tool_call_id=body.get("tool_call_id"),
    )


@given(conversations())
def test_openai_messages_read_back_are_the_same(messages: tuple[Message, ...]) -> None:
    body = openai_wire.to_wire(_ask(messages))
    assert tuple(_from_openai(message) for message in body["messages"]) == messages


@given(conversations())
def test_anthropic_turns_alternate_and_hold_everything(messages: tuple[Message, ...]) -> None:
    body = anthropic_wire.to_wire(_ask(messages))
    roles = [turn["role"] for turn in body["messages"]]
    assert roles[0] == "user"
    assert all(one != two for one, two in pairwise(roles))
    blocks = [block for turn in body["messages"] for block in turn["content"]]
    uses = [
        ToolUse(id=block["id"], name=block["name"], arguments=block["input"])
        for block in blocks
        if block["type"] == "tool_use"
    ]
    assert uses == [use for message in messages for use in message.tool_calls]
    results = {b["tool_use_id"]: b["content"] for b in blocks if b["type"] == "tool_result"}
    assert results == {m.tool_call_id: m.content for m in messages if m.role == "tool"}
    said = [block["text"].rstrip() for block in blocks if block["type"] == "text"]
    wanted = [
        message.content.rstrip()
        for message in messages
        if message.role in {"user", "assistant"} and message.content.strip()
    ]
    assert [text for text in said if text in wanted] == wanted
    assert all(turn["content"] for turn in body["messages"])


@given(conversations())
def test_plain_turns_alternate_and_name_every_call(messages: tuple[Message, ...]) -> None:
    turns = plain_turns(messages)
    roles = [turn.role for turn in turns]
    assert set(roles) <= {"system", "user", "assistant"}
    assert all(one != two for one, two in pairwise(roles))
    told = "\n".join(turn.content for turn in turns if turn.role == "assistant")
    for message in messages:
        for use in message.tool_calls:
            assert f'"tool": "{use.name}"' in told


@given(conversations(), st.integers(60, 2000), st.integers(1, 200))
def test_a_conversation_is_cut_to_its_window(
    messages: tuple[Message, ...], window: int, repeat: int
) -> None:
    long = tuple(
        message.model_copy(update={"content": message.content * repeat}) for message in messages
    )
    turns = plain_turns(long)
    kept = fit_window(turns, tokens=window)
    assert kept[-1].role == turns[-1].role
    assert any(turn.role == "user" for turn in kept)
    assert bound_turns(kept) <= max(window, LEAST)
    if bound_turns(turns) <= window:
        assert kept == turns
