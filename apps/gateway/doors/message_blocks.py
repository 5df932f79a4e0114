"""The contents of Anthropic's messages."""

from typing import Any, Final

from apps.gateway.contracts import Message, Part, ToolUse
from apps.gateway.doors.checks import array, mapping, one_of, required, text, wrong_value
from apps.gateway.doors.parts import split_parts

_MEDIA: Final = ("image/jpeg", "image/png", "image/gif", "image/webp")
_PARTS: Final = ("text", "image", "document")
_OF_ROLE: Final = {
    "user": (*_PARTS, "tool_result"),
    "assistant": ("text", "tool_use", "thinking", "redacted_thinking"),
}


def read_text(value: Any, param: str) -> str:
    """A text, or text blocks one after the other. Raises Refusal."""
    if isinstance(value, str):
        return value
    said = []
    for at, block in enumerate(array(value, param)):
        where = f"{param}.{at}"
        one_of(required(mapping(block, where), "type", f"{where}.type"), f"{where}.type", ("text",))
        said.append(text(required(block, "text", f"{where}.text"), f"{where}.text"))
    return "\n\n".join(said)


def read_blocks(value: Any, param: str, *, role: str, image_bytes: int) -> list[Message]:
    """What a content says, as messages: results of tools are messages of their own, before what the
    user says beside them. Thoughts of the model are left out. Raises Refusal."""
    if isinstance(value, str):
        return [Message.model_validate({"role": role, "content": value})]
    results: list[Message] = []
    parts: list[Part] = []
    calls: list[ToolUse] = []
    if value == [] and role == "user":
        raise wrong_value(param, "it is empty; send at least one block.")
    for at, one in enumerate(array(value, param)):
        where = f"{param}.{at}"
        block = mapping(one, where)
        kind = one_of(required(block, "type", f"{where}.type"), f"{where}.type", _OF_ROLE[role])
        if kind == "tool_use":
            calls.append(_call(block, where))
        elif kind == "tool_result":
            results.append(_result(block, where, image_bytes))
        elif kind in _PARTS:
            parts.append(_part(block, where, kind, image_bytes))
    if not (parts or calls):
        return results
    said, shown = split_parts(parts)
    message = {"role": role, "content": said, "parts": shown, "tool_calls": tuple(calls)}
    return [*results, Message.model_validate(message)]


def _call(block: dict[str, Any], param: str) -> ToolUse:
    return ToolUse(
        id=text(required(block, "id", f"{param}.id"), f"{param}.id"),
        name=text(required(block, "name", f"{param}.name"), f"{param}.name"),
        arguments=mapping(required(block, "input", f"{param}.input"), f"{param}.input"),
    )


def _result(block: dict[str, Any], param: str, image_bytes: int) -> Message:
    where = f"{param}.tool_use_id"
    call_id = text(required(block, "tool_use_id", where), where)
    content = block.get("content") or ""
    if isinstance(content, str):
        return Message(role="tool", tool_call_id=call_id, content=content)
    parts = []
    for at, one in enumerate(array(content, f"{param}.content")):
        where = f"{param}.content.{at}"
        part = mapping(one, where)
        kind = one_of(required(part, "type", f"{where}.type"), f"{where}.type", _PARTS)
        parts.append(_part(part, where, kind, image_bytes))
    said, shown = split_parts(parts, between="\n\n")
    return Message(role="tool", tool_call_id=call_id, content=said, parts=shown)


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
