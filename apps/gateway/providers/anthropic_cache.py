"""Anthropic's marks of where a prompt that is cached ends."""

from collections.abc import Iterable
from typing import Any, Final

from apps.gateway.contracts import Message

_MARK: Final = {"cache_control": {"type": "ephemeral"}}
"""For five minutes: the time that prices of cache writes are for."""
BETWEEN: Final = "\n\n"
"""Stands between the messages of the system."""


def mark_last(blocks: list[dict[str, Any]]) -> None:
    """The cache ends with the last of these blocks or tools, if there is one."""
    if blocks:
        blocks[-1] = blocks[-1] | _MARK


def mark_system(whole: str, messages: Iterable[Message]) -> str | list[dict[str, Any]]:
    """The text of the system, which begins with what its `messages` say, in blocks where some of
    them end a cache."""
    blocks: list[dict[str, Any]] = []
    start = end = 0
    for message in messages:
        end = whole.find(message.content, end) + len(message.content)
        if message.ends_cache:
            blocks.append({"type": "text", "text": whole[start:end].strip(), **_MARK})
            start = end
    if not blocks:
        return whole
    rest = whole[start:].strip()
    return [*blocks, {"type": "text", "text": rest}] if rest else blocks
