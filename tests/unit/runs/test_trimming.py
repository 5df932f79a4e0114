"""What is given up first when a conversation is too long for its window."""

from uuid import uuid4

from apps.gateway.contracts import CompletionRequest, Message, ToolUse
from apps.gateway.facade import context_tokens, message_tokens, messages_room, surely_fits
from apps.runs.agents.trimming import MARK, trim

HEAD = [Message(role="system", content="Be brief."), Message(role="user", content="Begin.")]


def exchange(number: int, *, words: int = 200) -> list[Message]:
    use = ToolUse(id=f"call_{number}", name="code", arguments={})
    result = f"{number} " * words
    return [
        Message(role="assistant", tool_calls=(use,)),
        Message(role="tool", tool_call_id=use.id, content=result),
    ]


def conversation(count: int) -> list[Message]:
    return [*HEAD, *(message for number in range(count) for message in exchange(number))]


def results(messages: list[Message]) -> list[tuple[str | None, bool]]:
    """(id, whether it was shortened) of each tool result."""
    return [(m.tool_call_id, m.content.endswith(MARK)) for m in messages if m.role == "tool"]


def trimmed(messages: list[Message], *, part: float) -> list[Message]:
    room = int(sum(map(message_tokens, messages)) * part)
    return trim(messages, room=room, tokens_of=message_tokens)


def test_the_oldest_results_are_shortened_first() -> None:
    assert results(trimmed(conversation(4), part=0.9)) == [
        ("call_0", True), ("call_1", False), ("call_2", False), ("call_3", False),
    ]  # fmt: skip


def test_then_the_oldest_exchanges_are_dropped_whole() -> None:
    kept = trimmed(conversation(12), part=0.35)
    assert kept[:2] == HEAD
    assert results(kept)[-1] == ("call_11", False)
    assert 1 < len(results(kept)) < 12
    assert kept[2].role == "assistant"


def test_the_newest_results_are_shortened_at_last() -> None:
    assert results(trimmed(conversation(4), part=0.1)) == [("call_3", True)]


def test_the_messages_have_what_tools_schema_and_answer_leave() -> None:
    request = CompletionRequest(messages=tuple(HEAD), max_tokens=100)
    assert messages_room(request, window=1000) == 900
    with_schema = request.model_copy(update={"response_schema": {"type": "object"}})
    assert messages_room(with_schema, window=1000) < 300


def test_a_short_request_is_known_to_fit_without_counting() -> None:
    request = CompletionRequest(messages=tuple(HEAD), max_tokens=100)
    assert surely_fits(request, window=128_000)
    assert not surely_fits(request, window=800)


def test_the_windows_of_known_models_are_known() -> None:
    tenant_id = uuid4()
    assert context_tokens(model="openai:gpt-4o-mini", tenant_id=tenant_id) == 128_000
    assert context_tokens(model="anthropic:claude-haiku-4-5", tenant_id=tenant_id) == 200_000
    assert context_tokens(model="openai:made-up", tenant_id=tenant_id) is None
