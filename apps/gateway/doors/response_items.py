"""The input of a responses request, as the messages of a conversation."""

from typing import Any, Final

from apps.gateway.contracts import Message, Part, ToolUse
from apps.gateway.doors.cache_marks import read_marks
from apps.gateway.doors.chat_messages import read_arguments
from apps.gateway.doors.checks import (
    known_only,
    mapping,
    one_of,
    parts_of,
    required,
    text,
    wrong_type,
    wrong_value,
)
from apps.gateway.doors.options import unsupported
from apps.gateway.doors.parts import split_parts
from apps.gateway.doors.shown import read_address, read_image, read_pdf

_ROLES: Final = ("user", "system", "developer", "assistant")
_KNOWN: Final = frozenset({
    "type", "id", "status", "role", "content", "phase", "call_id", "name", "namespace", "caller",
    "arguments", "parsed_arguments", "output", "created_by",
})  # fmt: skip
_PART_KNOWN: Final = frozenset({
    "type", "text", "refusal", "annotations", "logprobs", "parsed", "image_url", "file_id",
    "detail", "prompt_cache_breakpoint", "file_data", "file_url", "filename",
})  # fmt: skip
_DETAILS: Final = {"auto": "auto", "low": "low", "high": "high", "original": "high"}
_SHOWN: Final = ("input_image", "input_file")
_TEXTS: Final = {"input_text": "text", "output_text": "text", "refusal": "refusal"}


def read_input(value: Any, *, instructions: str | None, image_limit: int) -> tuple[Message, ...]:
    """The messages that an input and its instructions are. Raises Refusal."""
    talk = _Talk(image_limit)
    if instructions is not None:
        talk.messages.append(Message(role="system", content=instructions))
    if isinstance(value, str):
        talk.messages.append(Message(role="user", content=value))
        return tuple(talk.messages)
    if not isinstance(value, list):
        raise wrong_type("input", value, "a string or an array")
    if not value:
        raise wrong_value("input", "it is empty; send at least one item.")
    for at, one in enumerate(value):
        talk.add(mapping(one, f"input[{at}]"), f"input[{at}]")
    if not talk.messages:
        raise wrong_value("input", "it has no message; send at least one.")
    return tuple(talk.messages)


class _Talk:
    """What a model says and what it calls are items of their own, and in a chat one message."""

    def __init__(self, image_limit: int) -> None:
        self.messages: list[Message] = []
        self._image_limit = image_limit
        self._call_ids: set[str] = set()

    def add(self, item: dict[str, Any], param: str) -> None:
        kind = text(item.get("type") or "message", f"{param}.type")
        if kind == "reasoning":  # a model's thoughts are for its own provider
            return
        if kind == "item_reference":
            raise unsupported(f"{param}.type", "nothing is stored; send the item itself.")
        kinds = {
            "message": self._add_message,
            "function_call": self._add_call,
            "function_call_output": self._add_output,
        }
        if kind not in kinds:
            named = ", ".join(f"'{one}'" for one in (*kinds, "reasoning"))
            raise unsupported(f"{param}.type", f"'{kind[:100]}' is none of {named}.")
        known_only(item, _KNOWN, param)
        kinds[kind](item, param)

    def _add_message(self, item: dict[str, Any], param: str) -> None:
        role = one_of(required(item, "role", f"{param}.role"), f"{param}.role", _ROLES)
        where = f"{param}.content"
        content = required(item, "content", where)
        said, parts = self._said(content, role, where)
        last = self.messages[-1] if self.messages else None
        if role == "assistant" and last is not None and last.tool_calls:
            joined = "\n".join(filter(None, (last.content, said)))
            self.messages[-1] = last.model_copy(update={"content": joined})
            return
        role = "system" if role == "developer" else role
        said_by: dict[str, Any] = {"role": role, "content": said, "parts": parts}
        self.messages.append(Message.model_validate(said_by))

    def _add_call(self, item: dict[str, Any], param: str) -> None:
        call_id = text(required(item, "call_id", f"{param}.call_id"), f"{param}.call_id")
        use = ToolUse(
            id=call_id,
            name=text(required(item, "name", f"{param}.name"), f"{param}.name"),
            arguments=read_arguments(item.get("arguments"), f"{param}.arguments"),
        )
        self._call_ids.add(call_id)
        last = self.messages[-1] if self.messages else None
        if last is not None and last.role == "assistant":
            self.messages[-1] = last.model_copy(update={"tool_calls": (*last.tool_calls, use)})
        else:
            self.messages.append(Message(role="assistant", tool_calls=(use,)))

    def _add_output(self, item: dict[str, Any], param: str) -> None:
        where = f"{param}.call_id"
        call_id = text(required(item, "call_id", where), where)
        if call_id not in self._call_ids:
            raise wrong_value(
                where,
                f"no 'function_call' before it has the call_id '{call_id[:100]}'; send the whole "
                "conversation, as nothing is stored.",
            )
        where = f"{param}.output"
        output = required(item, "output", where)
        said, parts = self._said(output, "tool", where)
        self.messages.append(Message(role="tool", tool_call_id=call_id, content=said, parts=parts))

    def _said(self, content: Any, role: str, where: str) -> tuple[str, tuple[Part, ...]]:
        if isinstance(content, str):
            return content, ()
        return split_parts(
            [
                self._part(mapping(part, f"{where}[{at}]"), f"{where}[{at}]", role)
                for at, part in enumerate(parts_of(content, where))
            ]
        )

    def _part(self, part: dict[str, Any], param: str, role: str) -> Part:
        if role == "assistant":
            return Part(text=_text(part, param, ("output_text", "refusal")))
        marks = read_marks(part, param)
        shown = _SHOWN if role in ("user", "tool") else ()
        if part.get("type") not in shown:
            return Part(text=_text(part, param, ("input_text", *shown)), **marks)
        known_only(part, _PART_KNOWN, param)
        is_file = part["type"] == "input_file"
        if part.get("file_id") is not None:
            instead = "file_data" if is_file else "image_url"
            raise unsupported(f"{param}.file_id", f"no files are stored; send '{instead}'.")
        if is_file:
            return Part(**self._file(part, param), **marks)
        where = f"{param}.image_url"
        url = read_image(required(part, "image_url", where), where, self._image_limit)
        detail = one_of(part.get("detail") or "auto", f"{param}.detail", (*_DETAILS,))
        return Part.model_validate({"image_url": url, "detail": _DETAILS[detail], **marks})

    def _file(self, part: dict[str, Any], param: str) -> dict[str, Any]:
        """A PDF and its name."""
        if part.get("file_url") is not None:
            url = read_address(part["file_url"], f"{param}.file_url")
        else:
            where = f"{param}.file_data"
            url = read_pdf(required(part, "file_data", where), where, self._image_limit)
        name = text(part.get("filename") or "", f"{param}.filename")
        return {"pdf_url": url, "file_name": name}


def _text(part: dict[str, Any], param: str, kinds: tuple[str, ...]) -> str:
    """The text of a part that is one."""
    kind = one_of(required(part, "type", f"{param}.type"), f"{param}.type", kinds)
    known_only(part, _PART_KNOWN, param)
    name = _TEXTS[kind]
    return text(required(part, name, f"{param}.{name}"), f"{param}.{name}")
