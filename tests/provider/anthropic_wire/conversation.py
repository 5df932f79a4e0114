"""The rules that Anthropic sets for a list of messages."""

import re
from typing import Any

from tests.provider.checks import refuse_unless

BLOCK_TYPES = {
    "user": ("text", "image", "document", "tool_result", "search_result"),
    "assistant": ("text", "tool_use", "thinking", "redacted_thinking"),
}
TOOL_USE_ID = re.compile(r"[a-zA-Z0-9_-]+")
Blocks = list[dict[str, Any]]


def check_messages(messages: Any) -> None:
    """Raises Refusal for a conversation that Anthropic would not take."""
    refuse_unless(
        isinstance(messages, list) and bool(messages), "messages: at least one message is required"
    )
    for index, message in enumerate(messages):
        _check_message(message, f"messages.{index}", is_last=index == len(messages) - 1)
    refuse_unless(messages[0]["role"] == "user", 'messages: first message must use the "user" role')
    _check_pairing(messages)


def blocks_of(message: dict[str, Any]) -> Blocks:
    """The content of a message as blocks."""
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _check_message(message: Any, path: str, *, is_last: bool) -> None:
    refuse_unless(isinstance(message, dict), f"{path}: Input should be a valid dictionary")
    role, content = message.get("role"), message.get("content")
    refuse_unless(
        role in BLOCK_TYPES,
        f"{path}.role: Input should be 'user' or 'assistant'",
    )
    refuse_unless(content is not None, f"{path}.content: Field required")
    refuse_unless(
        isinstance(content, str | list), f"{path}.content: Input should be a valid list or string"
    )
    refuse_unless(
        bool(content) or (role == "assistant" and is_last),
        f"{path}: all messages must have non-empty content except for the optional final "
        "assistant message",
    )
    for number, block in enumerate(blocks_of(message)):
        _check_block(block, role, f"{path}.content.{number}")
    if role == "assistant" and is_last and blocks_of(message):
        text = str(blocks_of(message)[-1].get("text", ""))
        refuse_unless(
            text == text.rstrip(),
            "messages: final assistant content cannot end with trailing whitespace",
        )


def _check_block(block: Any, role: str, path: str) -> None:
    kind = block.get("type") if isinstance(block, dict) else None
    refuse_unless(
        kind in BLOCK_TYPES[role],
        f"{path}: Input tag '{kind}' found using 'type' does not match any of the expected tags: "
        + ", ".join(map(repr, BLOCK_TYPES[role])),
    )
    if kind == "text":
        refuse_unless(isinstance(block.get("text"), str), f"{path}.text: Field required")
        refuse_unless(
            bool(block["text"].strip()),
            "messages: text content blocks must contain non-whitespace text",
        )
    if kind == "tool_use":
        for name, type_ in (("id", str), ("name", str), ("input", dict)):
            refuse_unless(
                isinstance(block.get(name), type_), f"{path}.tool_use.{name}: Field required"
            )
        refuse_unless(
            TOOL_USE_ID.fullmatch(block["id"]) is not None,
            f"{path}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
        )
    if kind == "tool_result":
        refuse_unless(
            isinstance(block.get("tool_use_id"), str),
            f"{path}.tool_result.tool_use_id: Field required",
        )


def _check_pairing(messages: list[dict[str, Any]]) -> None:
    """Every tool_use is answered first thing in the next message, and nothing else is."""
    open_ids: set[str] = set()
    for index, message in enumerate(messages):
        blocks = blocks_of(message)
        results = [block for block in blocks if block["type"] == "tool_result"]
        unexpected = [
            block["tool_use_id"] for block in results if block["tool_use_id"] not in open_ids
        ]
        refuse_unless(
            not unexpected,
            f"messages.{index}.content.0: unexpected `tool_use_id` found in `tool_result` blocks: "
            f"{', '.join(unexpected)}. Each `tool_result` block must have a corresponding "
            "`tool_use` block in the previous message.",
        )
        answered = {
            block["tool_use_id"] for block in blocks[: len(results)] if "tool_use_id" in block
        }
        _refuse_open(open_ids - answered, index - 1)
        open_ids = {block["id"] for block in blocks if block["type"] == "tool_use"}
    _refuse_open(open_ids, len(messages) - 1)


def _refuse_open(open_ids: set[str], index: int) -> None:
    refuse_unless(
        not open_ids,
        f"messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately "
        f"after: {', '.join(sorted(open_ids))}. Each `tool_use` block must have a corresponding "
        "`tool_result` block in the next message.",
    )
