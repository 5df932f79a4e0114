"""The contents of Anthropic's messages."""

from typing import Any, Final

from apps.gateway.contracts import Message, Part, ToolUse
from apps.gateway.doors.checks import (
    array,
    boolean,
    mapping,
    one_of,
    optional,
    required,
    text,
    wrong_value,
)
from apps.gateway.doors.parts import split_parts

_MEDIA: Final = ("image/jpeg", "image/png", "image/gif", "image/webp")
_PARTS: Final = ("text", "image", "document")
_OF_ROLE: Final = {
    "user": (*_PARTS, "tool_result"),
    "assistant": ("text", "tool_use", "thinking", "redacted_thinking"),
}


def read_system(value: Any, param: str) -> list[Message]:
    """A text, or text blocks: a message up to each that ends a cache. Raises Refusal."""
    if isinstance(value, str):
        return [Message(role="system", content=value)]
    found: list[Message] = []
    said: list[str] = []
    for at, block in enumerate(array(value, param)):
        where = f"{param}.{at}"
        one_of(required(mapping(block, where), "type", f"{where}.type"), f"{where}.type", ("text",))
        said.append(text(required(block, "text", f"{where}.text"), f"{where}.text"))
        if _ends_cache(block):
            found.append(Message(role="system", content="\n\n".join(said), ends_cache=True))
            said = []
    return [*found, Message(role="system", content="\n\n".join(said))] if said else found


def read_blocks(value: Any, param: str, *, role: str, image_bytes: int) -> list[Message]:
    """What a content says, as messages: results of tools are messages of their own, before what the
    user says beside them, and so is what the user says up to the end of a cache. Thoughts of the
    model are left out. Raises Refusal."""
    if isinstance(value, str):
        return [Message.model_validate({"role": role, "content": value})]
    if value == [] and role == "user":
        raise wrong_value(param, "it is empty; send at least one block.")
    content = _Content(role)
    for at, one in enumerate(array(value, param)):
        where = f"{param}.{at}"
        block = mapping(one, where)
        kind = one_of(required(block, "type", f"{where}.type"), f"{where}.type", _OF_ROLE[role])
        if kind == "tool_result":
            content.results.append(_result(block, where, image_bytes))
        elif kind == "tool_use":
            content.calls.append(_call(block, where))
        elif kind in _PARTS:
            content.parts.append(_part(block, where, kind, image_bytes))
            if role == "user" and _ends_cache(block):
                content.close(ends_cache=True)
    content.close(ends_cache=role == "assistant" and any(map(_ends_cache, value)))
    return content.results + content.said


class _Content:
    """What was read of a content."""

    def __init__(self, role: str) -> None:
        self.results: list[Message] = []
        self.said: list[Message] = []
        self.parts: list[Part] = []
        self.calls: list[ToolUse] = []
        self._role = role

    def close(self, *, ends_cache: bool) -> None:
        """The parts and calls since the last time are a message."""
        if not (self.parts or self.calls):
            return
        said, shown = split_parts(self.parts)
        message = {
            "role": self._role,
            "content": said,
            "parts": shown,
            "tool_calls": tuple(self.calls),
            "ends_cache": ends_cache,
        }
        self.said.append(Message.model_validate(message))
        self.parts, self.calls = [], []


def _ends_cache(block: dict[str, Any]) -> bool:
    return block.get("cache_control") is not None


def _call(block: dict[str, Any], param: str) -> ToolUse:
    return ToolUse(
        id=text(required(block, "id", f"{param}.id"), f"{param}.id"),
        name=text(required(block, "name", f"{param}.name"), f"{param}.name"),
        arguments=mapping(required(block, "input", f"{param}.input"), f"{param}.input"),
    )


def _result(block: dict[str, Any], param: str, image_bytes: int) -> Message:
    where = f"{param}.tool_use_id"
    said, shown = _output(block.get("content") or "", f"{param}.content", image_bytes)
    return Message(
        role="tool",
        tool_call_id=text(required(block, "tool_use_id", where), where),
        content=said,
        parts=shown,
        is_error=optional(block, "is_error", boolean) or False,
        ends_cache=_ends_cache(block),
    )


def _output(content: Any, param: str, image_bytes: int) -> tuple[str, tuple[Part, ...]]:
    if isinstance(content, str):
        return content, ()
    parts = []
    for at, one in enumerate(array(content, param)):
        where = f"{param}.{at}"
        part = mapping(one, where)
        kind = one_of(required(part, "type", f"{where}.type"), f"{where}.type", _PARTS)
        parts.append(_part(part, where, kind, image_bytes))
    return split_parts(parts, between="\n\n")


def _part(block: dict[str, Any], param: str, kind: str, image_bytes: int) -> Part:
    if kind == "image":
        return _image(block, param, image_bytes)
    if kind == "document":
        return _document(block, param)
    return Part(text=text(required(block, "text", f"{param}.text"), f"{param}.text"))


def _document(block: dict[str, Any], param: str) -> Part:
    """Its title and its text."""
    where = f"{param}.source"
    source = mapping(required(block, "source", where), where)
    one_of(required(source, "type", f"{where}.type"), f"{where}.type", ("text",))
    said = text(required(source, "data", f"{where}.data"), f"{where}.data")
    title = text(block.get("title") or "", f"{param}.title")
    return Part(text=f"{title}\n\n{said}" if title else said)


def _image(block: dict[str, Any], param: str, image_bytes: int) -> Part:
    where = f"{param}.source"
    source = mapping(required(block, "source", where), where)
    kind = one_of(required(source, "type", f"{where}.type"), f"{where}.type", ("base64", "url"))
    if kind == "url":
        url = text(required(source, "url", f"{where}.url"), f"{where}.url")
        if not url.startswith("https://"):
            raise wrong_value(f"{where}.url", "it must be an https address.")
        return Part(image_url=url)
    media = one_of(
        required(source, "media_type", f"{where}.media_type"), f"{where}.media_type", _MEDIA
    )
    data = text(required(source, "data", f"{where}.data"), f"{where}.data")
    if len(data) > image_bytes:
        raise wrong_value(
            f"{where}.data",
            f"the image is {len(data)} bytes long in base64, at most {image_bytes} are allowed; "
            "send a smaller image, or its https address.",
        )
    return Part(image_url=f"data:{media};base64,{data}")
