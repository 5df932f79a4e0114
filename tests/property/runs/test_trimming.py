"""A conversation that is shortened to a window keeps its form, its beginning and its end."""

from hypothesis import given
from hypothesis import strategies as st

from apps.gateway.contracts import Message, ToolUse
from apps.gateway.facade import message_tokens
from apps.runs.agents.trimming import MARK, SHORT_CHARACTERS, trim

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
LONG = st.builds(lambda text, times: text * times, TEXTS, st.integers(1, 60))


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Message, ...]:
    """A system's and a user's message, then exchanges, some with tools, some with a user's word."""
    messages = [Message(role="system", content=draw(TEXTS)), Message(role="user", content="Go.")]
    for turn in range(draw(st.integers(0, 8))):
        uses = tuple(
            ToolUse(id=f"call_{turn}_{number}", name="code", arguments={"a": draw(TEXTS)})
            for number in range(draw(st.integers(0, 3)))
        )
        messages.append(Message(role="assistant", content=draw(LONG), tool_calls=uses))
        messages += [Message(role="tool", tool_call_id=use.id, content=draw(LONG)) for use in uses]
        if draw(st.booleans()):
            messages.append(Message(role="user", content=draw(TEXTS)))
    return tuple(messages)


def size(messages: list[Message] | tuple[Message, ...]) -> int:
    return sum(map(message_tokens, messages))


def last_exchange(messages: tuple[Message, ...]) -> list[Message]:
    """The last message that is no tool's answer, and what follows, past the beginning."""
    start = max((n for n, message in enumerate(messages) if message.role != "tool"), default=0)
    return list(messages[max(start, 2) :])


@given(conversations(), st.integers(-100, 3000))
def test_every_tool_answer_follows_the_message_that_asked_for_it(
    messages: tuple[Message, ...], room: int
) -> None:
    open_ids: set[str | None] = set()
    for message in trim(messages, room=room, tokens_of=message_tokens):
        if message.role == "tool":
            assert message.tool_call_id in open_ids
            open_ids.remove(message.tool_call_id)
        else:
            assert not open_ids
            open_ids = {use.id for use in message.tool_calls}
    assert not open_ids


@given(conversations(), st.integers(-100, 3000))
def test_the_beginning_and_the_last_exchange_stay(messages: tuple[Message, ...], room: int) -> None:
    kept = trim(messages, room=room, tokens_of=message_tokens)
    assert kept[:2] == list(messages[:2])
    last = last_exchange(messages)
    for before, after in zip(reversed(last), reversed(kept), strict=False):
        assert (before.role, before.tool_calls) == (after.role, after.tool_calls)
        assert before.content == after.content or before.role == "tool"


@given(conversations(), st.integers(-100, 3000))
def test_it_fits_unless_what_must_stay_does_not(messages: tuple[Message, ...], room: int) -> None:
    kept = trim(messages, room=room, tokens_of=message_tokens)
    if size(kept) > room:
        assert len(kept) == 2 + len(last_exchange(messages))
        longest = SHORT_CHARACTERS + len(MARK)
        cut = [m.model_copy(update={"content": m.content[:SHORT_CHARACTERS] + MARK})
               if m.role == "tool" and len(m.content) > longest else m for m in kept]  # fmt: skip
        assert size(cut) >= size(kept)


@given(conversations(), st.integers(0, 3000))
def test_what_fits_is_left_alone(messages: tuple[Message, ...], more: int) -> None:
    kept = trim(messages, room=size(messages) + more, tokens_of=message_tokens)
    assert kept == list(messages)


@given(conversations(), st.integers(-100, 3000))
def test_trimming_again_changes_nothing_that_fits(messages: tuple[Message, ...], room: int) -> None:
    kept = trim(messages, room=room, tokens_of=message_tokens)
    assert trim(kept, room=max(room, size(kept)), tokens_of=message_tokens) == kept
