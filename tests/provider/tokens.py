"""The provider's tokeniser: four bytes of UTF-8 are a token.

A prompt costs four tokens a message, plus the tokens of everything in it that is text or JSON:
contents, tool calls, tool definitions, response schemas.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

MESSAGE_TOKENS = 4
BYTES_PER_TOKEN = 4
LONGEST_STREAM = 1024


def count_tokens(text: str) -> int:
    """The tokens of `text`."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


def count_value(value: Any) -> int:
    """The tokens of a text, or of anything else as JSON; None costs nothing."""
    if value is None:
        return 0
    return count_tokens(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def count_prompt(messages: Iterable[Any], *extras: Any) -> int:
    """The tokens of a conversation and of what else the request holds (tools, schemas, system)."""
    spoken = sum(MESSAGE_TOKENS + _count_message(message) for message in messages)
    return spoken + sum(count_value(extra) for extra in extras if extra)


def cut_tokens(text: str, limit: int) -> str:
    """The beginning of `text` that has at most `limit` tokens."""
    kept = text.encode("utf-8", "surrogatepass")[: max(0, limit) * BYTES_PER_TOKEN]
    return (
        kept.decode("utf-8", "ignore")
        if len(kept) < len(text.encode("utf-8", "surrogatepass"))
        else text
    )


def split_tokens(text: str) -> Iterator[tuple[str, int]]:
    """`text` as a stream says it: pieces of about a token, each with the tokens said so far."""
    step = max(BYTES_PER_TOKEN, -(-len(text) // LONGEST_STREAM))
    said = 0
    for start in range(0, len(text), step):
        piece = text[start : start + step]
        said += len(piece.encode("utf-8", "surrogatepass"))
        yield piece, -(-said // BYTES_PER_TOKEN)


def _count_message(message: dict[str, Any]) -> int:
    return sum(count_value(message.get(part)) for part in ("content", "tool_calls"))
