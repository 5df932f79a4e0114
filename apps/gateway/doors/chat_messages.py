"""The messages of a chat request."""

from typing import Any, Final

from apps.gateway.contracts import Message, Part, ToolUse
from apps.gateway.doors.cache_marks import read_mark, read_marks
from apps.gateway.doors.checks import (
    array,
    known_only,
    mapping,
    one_of,
    parts_of,
    required,
    text,
    wrong_value,
)
from apps.gateway.doors.options import unsupported
from apps.gateway.doors.parts import split_parts
from apps.gateway.doors.shown import read_image, read_pdf
from apps.gateway.providers.tool_arguments import decode_arguments

_ROLES: Final = ("system", "developer", "user", "assistant", "tool")
_KNOWN: Final = frozenset({
    "role", "content", "name", "tool_calls", "tool_call_id", "refusal", "annotations", "audio",
    "parsed", "reasoning", "reasoning_content", "reasoning_details", "thinking_blocks",
    "provider_specific_fields", "cache_control",
})  # fmt: skip
"""Clients send messages again as they hold them. A model's thoughts, and what a library adds for
itself or for another gateway, are left out."""
_PART_KNOWN: Final = frozenset({"type", "prompt_cache_breakpoint", "cache_control"})
_DETAILS: Final = ("auto", "low", "high")


def read_messages(value: Any, *, image_limit: int) -> tuple[Message, ...]:
    """The messages of a request. Raises Refusal."""
    messages = array(value, "messages")
    if not messages:
        raise wrong_value("messages", "it is empty; send at least one message.")
    return tuple(
        _read(mapping(message, f"messages[{number}]"), f"messages[{number}]", image_limit)
        for number, message in enumerate(messages)
    )


def _read(message: dict[str, Any], param: str, image_limit: int) -> Message:
    known_only(message, _KNOWN, param)
    role = one_of(required(message, "role", f"{param}.role"), f"{param}.role", _ROLES)
    if message.get("audio") is not None:
        raise wrong_value(f"{param}.audio", "audio is not supported; remove it.")
    content, parts = _content(message, role, param, image_limit)
    ends_cache = read_mark(message, param)
    if role == "tool":  # the result of a tool is one block: it ends the cache, or none of it does
        marks = [ends_cache, *(one.ends_cache for one in reversed(parts))]
        ends_cache, parts = next(filter(None, marks), None), ()
    name = message.get("name")
    return Message(
        role="system" if role == "developer" else role,
        content=content,
        parts=parts,
        name=None if name is None else text(name, f"{param}.name"),
        tool_calls=_tool_calls(message, role, param),
        tool_call_id=_tool_call_id(message, role, param),
        ends_cache=ends_cache,
    )


def _content(
    message: dict[str, Any], role: str, param: str, image_limit: int
) -> tuple[str, tuple[Part, ...]]:
    """The text, and the parts if they are more than that."""
    content = message.get("content")
    if isinstance(content, str):
        return content, ()
    if content is None:
        if role == "assistant":
            return text(message.get("refusal") or "", f"{param}.refusal"), ()
        required(message, "content", f"{param}.content")
    where = f"{param}.content"
    parts = tuple(
        _part(mapping(part, f"{where}[{number}]"), f"{where}[{number}]", role, image_limit)
        for number, part in enumerate(parts_of(content, where))
    )
    if not parts and role != "assistant":
        raise wrong_value(where, "it is empty; send at least one part.")
    return split_parts(parts)


def _part(part: dict[str, Any], param: str, role: str, image_limit: int) -> Part:
    kinds = ["text"]
    if role == "user":
        kinds += ["image_url", "file"]
    if role == "assistant":
        kinds.append("refusal")
    kind = one_of(required(part, "type", f"{param}.type"), f"{param}.type", kinds)
    known_only(part, _PART_KNOWN | {kind}, param)
    value = required(part, kind, f"{param}.{kind}")
    where = f"{param}.{kind}"
    said: dict[str, Any]
    if kind == "image_url":
        said = _image(mapping(value, where), where, image_limit)
    elif kind == "file":
        said = _file(mapping(value, where), where, image_limit)
    else:
        said = {"text": text(value, where)}
    return Part(**said, **read_marks(part, param))


def _image(image: dict[str, Any], param: str, image_limit: int) -> dict[str, Any]:
    """The address and the detail of an image."""
    known_only(image, frozenset({"url", "detail"}), param)
    url = read_image(required(image, "url", f"{param}.url"), f"{param}.url", image_limit)
    detail = image.get("detail")
    checked = "auto" if detail is None else one_of(detail, f"{param}.detail", _DETAILS)
    return {"image_url": url, "detail": checked}


def _file(file: dict[str, Any], param: str, limit: int) -> dict[str, Any]:
    """A PDF and its name."""
    known_only(file, frozenset({"file_data", "filename", "file_id"}), param)
    if file.get("file_id") is not None:
        raise unsupported(f"{param}.file_id", "no files are stored; send 'file_data'.")
    where = f"{param}.file_data"
    return {
        "pdf_url": read_pdf(required(file, "file_data", where), where, limit),
        "file_name": text(file.get("filename") or "", f"{param}.filename"),
    }


def _tool_call_id(message: dict[str, Any], role: str, param: str) -> str | None:
    if role != "tool":
        return None
    where = f"{param}.tool_call_id"
    return text(required(message, "tool_call_id", where), where)


def _tool_calls(message: dict[str, Any], role: str, param: str) -> tuple[ToolUse, ...]:
    calls = message.get("tool_calls")
    if calls is None:
        return ()
    if role != "assistant":
        raise wrong_value(f"{param}.tool_calls", "only messages of the assistant have them.")
    where = f"{param}.tool_calls"
    return tuple(
        _tool_call(mapping(call, f"{where}[{number}]"), f"{where}[{number}]")
        for number, call in enumerate(array(calls, where))
    )


def _tool_call(call: dict[str, Any], param: str) -> ToolUse:
    one_of(call.get("type", "function"), f"{param}.type", ("function",))
    where = f"{param}.function"
    function = mapping(required(call, "function", where), where)
    return ToolUse(
        id=text(required(call, "id", f"{param}.id"), f"{param}.id"),
        name=text(required(function, "name", f"{where}.name"), f"{where}.name"),
        arguments=read_arguments(function.get("arguments"), f"{where}.arguments"),
    )


def read_arguments(value: Any, param: str) -> dict[str, Any]:
    """The arguments of a tool call, as the text that a model wrote. Raises Refusal."""
    return decode_arguments(text(value, param))
