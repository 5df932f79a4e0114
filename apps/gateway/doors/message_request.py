"""The body of POST /v1/messages, Anthropic's format, as a request to the pipeline."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from apps.gateway.contracts import CompletionRequest, Message, ToolSpec
from apps.gateway.doors.body import Bounds, decode_body, model_of, schema_of
from apps.gateway.doors.cache_marks import last_mark, mark_whole
from apps.gateway.doors.checks import (
    array,
    boolean,
    integer,
    known_only,
    mapping,
    number,
    one_of,
    optional,
    required,
    text,
    wrong_value,
)
from apps.gateway.doors.message_blocks import read_blocks, read_system
from apps.gateway.doors.refusals import Refusal, wrong

_KNOWN: Final = frozenset({
    "model", "messages", "max_tokens", "system", "tools", "tool_choice", "stop_sequences",
    "temperature", "top_p", "top_k", "metadata", "stream", "thinking", "output_config",
    "service_tier", "cache_control", "context_management",
})  # fmt: skip
_TOOL_KNOWN: Final = frozenset({
    "name", "description", "input_schema", "type", "strict", "cache_control",
    "eager_input_streaming", "input_examples",
})  # fmt: skip
_THINKING: Final = ("disabled", "adaptive", "enabled")
MAX_TOOLS: Final = 128
_CHOICES: Final = {"auto": "auto", "any": "required", "none": "none", "tool": "required"}
_EFFORTS: Final = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, kw_only=True)
class MessageWish:
    """What a client wants."""

    request: CompletionRequest
    is_streamed: bool


def read_message(raw: bytes, *, bounds: Bounds, needs_bound: bool = True) -> MessageWish:
    """The wish that a body says; `needs_bound`: `max_tokens` must be there. Raises Refusal, which
    names the parameter that is wrong."""
    body = decode_body(raw)
    if body.get("thread") is not None:
        raise _no_threads()
    for name in body.keys() - _KNOWN:
        if body[name] is not None:
            raise wrong(name[:100], f"{name[:100]}: this parameter is not known; remove it.")
    tools = _tools(body.get("tools"))
    options = _options(body)
    choice, tool_name, is_parallel = _tool_choice(body.get("tool_choice"), tools)
    if not is_parallel:
        options["parallel_tool_calls"] = False
    schema = _schema(options.pop("format", None))
    if schema is not None:
        wanted = {"name": "answer", "schema": schema}
        options["response_format"] = {"type": "json_schema", "json_schema": wanted}
    request = CompletionRequest.model_validate(
        {
            "model": model_of(body),
            "messages": _messages(body, bounds.image_bytes),
            "tools": tools,
            "tool_choice": choice,
            "tool_name": tool_name,
            "response_schema": schema,
            "max_tokens": _max_tokens(body, is_needed=needs_bound),
            "temperature": optional(body, "temperature", partial(number, least=0, most=1)),
            "options": options,
            "is_verbatim": True,
            "caches_tools": last_mark(body.get("tools") or (), "tools."),
        }
    )
    return MessageWish(request=request, is_streamed=bool(optional(body, "stream", boolean)))


def _no_threads() -> Refusal:
    """Upon these details Anthropic's client sends whole conversations."""
    return Refusal(
        "thread: nothing is stored; remove it, and send the whole conversation each time.",
        param="thread",
        details={"error_code": "thread_unsupported_request", "unsupported": ["thread"]},
    )


def _max_tokens(body: dict[str, Any], *, is_needed: bool) -> int | None:
    if is_needed:
        required(body, "max_tokens", "max_tokens")
    found: int | None = optional(body, "max_tokens", partial(integer, least=1, most=10_000_000))
    return found


def _messages(body: dict[str, Any], image_bytes: int) -> tuple[Message, ...]:
    said = array(required(body, "messages", "messages"), "messages")
    if not said:
        raise wrong_value("messages", "it is empty; send at least one message.")
    found: list[Message] = []
    if body.get("system"):
        found += read_system(body["system"], "system")
    for at, one in enumerate(said):
        param = f"messages.{at}"
        message = mapping(one, param)
        known_only(message, frozenset({"role", "content"}), param)
        roles = ("user", "assistant", "system")
        role = one_of(required(message, "role", f"{param}.role"), f"{param}.role", roles)
        content = required(message, "content", f"{param}.content")
        where = f"{param}.content"
        if role == "system":
            found += read_system(content, where)
        else:
            found += read_blocks(content, where, role=role, image_bytes=image_bytes)
    if not found:
        raise wrong_value("messages", "nothing is said in it; send a message of the user.")
    return mark_whole(found, body)


def _tools(value: Any) -> tuple[ToolSpec, ...]:
    if value is None:
        return ()
    return tuple(
        _tool(mapping(one, f"tools.{at}"), f"tools.{at}")
        for at, one in enumerate(array(value, "tools", most=MAX_TOOLS))
    )


def _tool(tool: dict[str, Any], param: str) -> ToolSpec:
    known_only(tool, _TOOL_KNOWN, param)
    one_of(tool.get("type") or "custom", f"{param}.type", ("custom",))
    return ToolSpec(
        name=text(required(tool, "name", f"{param}.name"), f"{param}.name"),
        description=text(tool.get("description") or "", f"{param}.description"),
        parameters=schema_of(
            required(tool, "input_schema", f"{param}.input_schema"), f"{param}.input_schema"
        ),
        strict=optional(tool, "strict", boolean),
    )


def _tool_choice(value: Any, tools: tuple[ToolSpec, ...]) -> tuple[str, str | None, bool]:
    """The choice in OpenAI's words, the one tool, and whether several may be called at once."""
    if value is None:
        return "auto", None, True
    if not tools:
        raise wrong_value("tool_choice", "it is only allowed with 'tools'.")
    choice = mapping(value, "tool_choice")
    known_only(choice, frozenset({"type", "name", "disable_parallel_tool_use"}), "tool_choice")
    kind = one_of(required(choice, "type", "tool_choice.type"), "tool_choice.type", (*_CHOICES,))
    is_parallel = not optional(choice, "disable_parallel_tool_use", boolean)
    if kind != "tool":
        return _CHOICES[kind], None, is_parallel
    name = text(required(choice, "name", "tool_choice.name"), "tool_choice.name")
    if name not in {tool.name for tool in tools}:
        raise wrong_value("tool_choice.name", f"there is no tool '{name[:100]}' among 'tools'.")
    return "required", name, is_parallel


def _options(body: dict[str, Any]) -> dict[str, Any]:
    """By OpenAI's names; `format` is that of output_config."""
    options: dict[str, Any] = {}
    if stops := optional(body, "stop_sequences", array):
        options["stop"] = [text(one, f"stop_sequences.{at}") for at, one in enumerate(stops)]
    if (top_p := optional(body, "top_p", partial(number, least=0, most=1))) is not None:
        options["top_p"] = top_p
    user = (optional(body, "metadata", mapping) or {}).get("user_id")
    if user is not None:
        options["user"] = text(user, "metadata.user_id")
    config = optional(body, "output_config", mapping) or {}
    known_only(config, frozenset({"format", "effort"}), "output_config")
    if config.get("effort") is not None:
        options["reasoning_effort"] = one_of(config["effort"], "output_config.effort", _EFFORTS)
    if config.get("format") is not None:
        options["format"] = config["format"]
    thinking = optional(body, "thinking", mapping) or {}
    one_of(thinking.get("type", "disabled"), "thinking.type", _THINKING)
    return options


def _schema(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    wanted = mapping(value, "output_config.format")
    where = "output_config.format"
    one_of(required(wanted, "type", f"{where}.type"), f"{where}.type", ("json_schema",))
    return schema_of(required(wanted, "schema", f"{where}.schema"), f"{where}.schema")
