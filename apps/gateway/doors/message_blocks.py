"""The contents of Anthropic's messages."""

from collections.abc import Sequence
from typing import Any, Final

from apps.gateway.contracts import CacheTime, Message, Part, ToolUse
from apps.gateway.doors.cache_marks import read_mark
from apps.gateway.doors.checks import (
    boolean,
    mapping,
    one_of,
    optional,
    parts_of,
    required,
    text,
    wrong_value,
)
from apps.gateway.doors.parts import split_parts
from apps.gateway.doors.shown import check_length, read_address

_MEDIA: Final = ("image/jpeg", "image/png", "image/gif", "image/webp")
_PDF: Final = ("application/pdf",)
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
    for at, block in enumerate(parts_of(value, param)):
        where = f"{param}.{at}"
        one_of(required(mapping(block, where), "type", f"{where}.type"), f"{where}.type", ("text",))
        said.append(text(required(block, "text", f"{where}.text"), f"{where}.text"))
        if ends_cache := read_mark(block, where):
            content = "\n\n".join(said)
            found.append(Message(role="system", content=content, ends_cache=ends_cache))
            said = []
    return [*found, Message(role="system", content="\n\n".join(said))] if said else found


def read_blocks(value: Any, param: str, *, role: str, image_bytes: int) -> list[Message]:
    """What a content says, as messages: results of tools are messages of their own, before what the
    user says beside them. Thoughts of the model are left out. Raises Refusal."""
    if isinstance(value, str):
        return [Message.model_validate({"role": role, "content": value})]
    if value == [] and role == "user":
        raise wrong_value(param, "it is empty; send at least one block.")
    content = _Content()
    for at, one in enumerate(parts_of(value, param)):
        where = f"{param}.{at}"
        block = mapping(one, where)
        kind = one_of(required(block, "type", f"{where}.type"), f"{where}.type", _OF_ROLE[role])
        if kind == "tool_result":
            content.results.append(_result(block, where, image_bytes))
        elif kind == "tool_use":
            content.calls.append(_call(block, where))
            content.ends_cache = read_mark(block, where) or content.ends_cache
        elif kind in _PARTS:
            content.parts.append(_part(block, where, kind, image_bytes))
    return content.results + content.said(role)


class _Content:
    """What was read of a content."""

    def __init__(self) -> None:
        self.results: list[Message] = []
        self.parts: list[Part] = []
        self.calls: list[ToolUse] = []
        self.ends_cache: CacheTime | None = None
        """Of the last call that does."""

    def said(self, role: str) -> list[Message]:
        """The message that the parts and calls are, if there are some."""
        if not (self.parts or self.calls):
            return []
        content, parts = split_parts(self.parts)
        message = {
            "role": role,
            "content": content,
            "parts": parts,
            "tool_calls": tuple(self.calls),
            "ends_cache": self.ends_cache,
        }
        return [Message.model_validate(message)]


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
        ends_cache=read_mark(block, param),
    )


def _output(content: Any, param: str, image_bytes: int) -> tuple[str, tuple[Part, ...]]:
    if isinstance(content, str):
        return content, ()
    parts = []
    for at, one in enumerate(parts_of(content, param)):
        where = f"{param}.{at}"
        part = mapping(one, where)
        kind = one_of(required(part, "type", f"{where}.type"), f"{where}.type", _PARTS)
        parts.append(_part(part, where, kind, image_bytes))
    return split_parts(parts, between="\n\n")


def _part(block: dict[str, Any], param: str, kind: str, image_bytes: int) -> Part:
    ends_cache = read_mark(block, param)
    if kind == "image":
        return Part(image_url=_image(block, param, image_bytes), ends_cache=ends_cache)
    if kind == "document":
        return Part(**_document(block, param, image_bytes), ends_cache=ends_cache)
    said = text(required(block, "text", f"{param}.text"), f"{param}.text")
    return Part(text=said, ends_cache=ends_cache)


def _document(block: dict[str, Any], param: str, limit: int) -> dict[str, Any]:
    """A PDF, or a text behind its title."""
    where = f"{param}.source"
    source = mapping(required(block, "source", where), where)
    kinds = ("text", "base64", "url")
    kind = one_of(required(source, "type", f"{where}.type"), f"{where}.type", kinds)
    if kind != "text":
        name = text(block.get("title") or "", f"{param}.title")
        return {"pdf_url": _source(source, where, _PDF, limit, what="PDF"), "file_name": name}
    said = text(required(source, "data", f"{where}.data"), f"{where}.data")
    title = text(block.get("title") or "", f"{param}.title")
    return {"text": f"{title}\n\n{said}" if title else said}


def _image(block: dict[str, Any], param: str, image_bytes: int) -> str:
    """Its address, or the image as a data URL."""
    where = f"{param}.source"
    source = mapping(required(block, "source", where), where)
    one_of(required(source, "type", f"{where}.type"), f"{where}.type", ("base64", "url"))
    return _source(source, where, _MEDIA, image_bytes, what="image")


def _source(
    source: dict[str, Any], where: str, media: Sequence[str], limit: int, *, what: str
) -> str:
    """The address of what is shown, or itself as a data URL of one of the types."""
    if source["type"] == "url":
        return read_address(required(source, "url", f"{where}.url"), f"{where}.url")
    kind = one_of(
        required(source, "media_type", f"{where}.media_type"), f"{where}.media_type", media
    )
    data = text(required(source, "data", f"{where}.data"), f"{where}.data")
    check_length(data, f"{where}.data", limit, what=what)
    return f"data:{kind};base64,{data}"
