"""The contents of Anthropic's messages."""

from typing import Any, Final

from apps.gateway.contracts import Message, Part, ToolUse
from apps.gateway.doors.checks import array, mapping, one_of, required, text, wrong_value

_MEDIA: Final = ("image/jpeg", "image/png", "image/gif", "image/webp")
_OF_ROLE: Final = {
    "user": ("text", "image", "tool_result"),
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
    for at, one in enumerate(array(value, param)):
        where = f"{param}.{at}"
        block = mapping(one, where)
        kind = one_of(required(block, "type", f"{where}.type"), f"{where}.type", _OF_ROLE[role])
        if kind == "text":
            parts.append(Part(text=text(required(block, "text", f"{where}.text"), f"{where}.text")))
        elif kind == "image":
            parts.append(_image(block, where, image_bytes))
        elif kind == "tool_use":
            calls.append(_call(block, where))
        elif kind == "tool_result":
            results.append(_result(block, where))
    if not (parts or calls):
        return results
    has_images = any(part.image_url is not None for part in parts)
    message = {
        "role": role,
        "content": "\n".join(part.text for part in parts if part.image_url is None),
        "parts": tuple(parts) if has_images else (),
        "tool_calls": tuple(calls),
    }
    return [*results, Message.model_validate(message)]


def _call(block: dict[str, Any], param: str) -> ToolUse:
    return ToolUse(
        id=text(required(block, "id", f"{param}.id"), f"{param}.id"),
        name=text(required(block, "name", f"{param}.name"), f"{param}.name"),
        arguments=mapping(required(block, "input", f"{param}.input"), f"{param}.input"),
    )


def _result(block: dict[str, Any], param: str) -> Message:
    where = f"{param}.tool_use_id"
    content = block.get("content")
    return Message(
        role="tool",
        tool_call_id=text(required(block, "tool_use_id", where), where),
        content="" if content is None else read_text(content, f"{param}.content"),
    )


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
