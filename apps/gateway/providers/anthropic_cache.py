"""Anthropic's marks of where a prompt that is cached ends."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from apps.gateway.contracts import CacheTime, Message

_MARKS: Final[dict[CacheTime, dict[str, Any]]] = {
    "5m": {"cache_control": {"type": "ephemeral"}},
    "1h": {"cache_control": {"type": "ephemeral", "ttl": "1h"}},
}
BETWEEN: Final = "\n\n"
"""Stands between the messages of the system."""


def mark_last(blocks: list[dict[str, Any]], ends_cache: CacheTime | None) -> None:
    """The cache ends with the last of these blocks or tools, if there is one, and if at all."""
    if ends_cache and blocks:
        blocks[-1] = blocks[-1] | _MARKS[ends_cache]


def mark_system(whole: str, messages: Iterable[Message]) -> str | list[dict[str, Any]]:
    """The text of the system, which begins with what its `messages` say, in blocks where some of
    them end a cache."""
    blocks: list[dict[str, Any]] = []
    start = end = 0
    for text, ends_cache in _pieces(messages):
        end = whole.find(text, end) + len(text)
        if ends_cache and (said := whole[start:end].strip()):
            blocks.append({"type": "text", "text": said, **_MARKS[ends_cache]})
            start = end
    if not blocks:
        return whole
    rest = whole[start:].strip()
    return [*blocks, {"type": "text", "text": rest}] if rest else blocks


def _pieces(messages: Iterable[Message]) -> Iterator[tuple[str, CacheTime | None]]:
    """The texts of messages in order, each with the cache that it ends."""
    for message in messages:
        yield from ((part.text, part.ends_cache) for part in message.parts)
        yield ("" if message.parts else message.content), message.ends_cache
