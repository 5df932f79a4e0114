"""The body of POST /v1/chat/completions, as a request to the pipeline."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from apps.gateway.contracts import CacheTime, CompletionRequest, ToolSpec
from apps.gateway.doors.body import Bounds, decode_body, model_of, schema_of
from apps.gateway.doors.cache_marks import MARK, mark_whole, read_mark
from apps.gateway.doors.chat_messages import read_messages
from apps.gateway.doors.checks import (
    Check,
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
    wrong_type,
    wrong_value,
)
from apps.gateway.doors.function_tools import read_function
from apps.gateway.doors.options import COMMON, effort, metadata, read_options, verbosity
from apps.gateway.doors.refusals import wrong
from apps.gateway.doors.tool_choice import ToolChoice, read_allowed, read_named

MAX_TOOLS: Final = 128


@dataclass(frozen=True, kw_only=True)
class ChatWish:
    """What a client wants: `has_usage` asks for a last chunk with the usage."""

    request: CompletionRequest
    is_streamed: bool
    has_usage: bool


def read_chat(raw: bytes, *, bounds: Bounds) -> ChatWish:
    """The wish that a body says. Raises Refusal, which names the parameter that is wrong."""
    body = decode_body(raw)
    options = _options(body, passes_unknown=bounds.passes_unknown)
    _refuse_others(body)
    tools, caches_tools = _tools(body.get("tools"))
    choice = _tool_choice(body.get("tool_choice"), tools)
    if body.get("response_format") is not None:
        options["response_format"] = _response_format(body["response_format"])
    is_streamed = optional(body, "stream", boolean) or False
    return ChatWish(
        request=CompletionRequest(
            model=model_of(body),
            messages=mark_whole(
                read_messages(
                    required(body, "messages", "messages"), image_limit=bounds.image_bytes
                ),
                body,
            ),
            tools=choice.tools,
            tool_choice=choice.how,
            tool_name=choice.name,
            response_schema=_schema_of(options),
            max_tokens=_max_tokens(body),
            temperature=optional(body, "temperature", partial(number, least=0, most=2)),
            options=options,
            is_verbatim=True,
            caches_tools=caches_tools,
        ),
        is_streamed=is_streamed,
        has_usage=_has_usage(body, is_streamed),
    )


def _stop(value: Any, param: str) -> Any:
    if isinstance(value, str):
        return value
    return [text(one, f"{param}[{at}]") for at, one in enumerate(array(value, param, most=4))]


_penalty = partial(number, least=-2, most=2)
_OPTIONS: Final[dict[str, Check]] = {
    **COMMON,
    "stop": _stop,
    "seed": integer,
    "frequency_penalty": _penalty,
    "presence_penalty": _penalty,
    "logit_bias": mapping,
    "logprobs": boolean,
    "top_logprobs": partial(integer, least=0, most=20),
    "metadata": metadata,
    "parallel_tool_calls": boolean,
    "reasoning_effort": effort,
    "verbosity": verbosity,
    "store": boolean,
    "prediction": mapping,
}
"""What is handed on to a provider that has it."""
_OWN: Final = frozenset({
    "model", "messages", "tools", "tool_choice", "response_format", "max_tokens",
    "max_completion_tokens", "temperature", "n", "stream", "stream_options", "modalities",
    "cache_control",
})  # fmt: skip
_REFUSED: Final = {
    "functions": "use 'tools' instead.",
    "function_call": "use 'tool_choice' instead.",
    "audio": "answers are text only; remove it.",
    "web_search_options": "the gateway searches nothing; remove it.",
    "moderation": "the gateway moderates nothing; remove it.",
}
_CHOICES: Final = ("none", "auto", "required")


def _options(body: dict[str, Any], *, passes_unknown: bool) -> dict[str, Any]:
    options = read_options(
        body, known=_OPTIONS, own=_OWN, refused=_REFUSED, passes_unknown=passes_unknown
    )
    if "top_logprobs" in options and not options.get("logprobs"):
        raise wrong_value("top_logprobs", "it needs 'logprobs' to be true.")
    return options


def _refuse_others(body: dict[str, Any]) -> None:
    if body.get("n") is not None and integer(body["n"], "n") != 1:
        raise wrong(
            "n", "'n' must be 1: ask several times for several answers.", code="unsupported"
        )
    if body.get("modalities") is not None and body["modalities"] != ["text"]:
        raise wrong("modalities", "'modalities' can only be ['text'].", code="unsupported")


def _max_tokens(body: dict[str, Any]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        if body.get(name) is not None:
            return integer(body[name], name, least=1, most=10_000_000)
    return None


def _has_usage(body: dict[str, Any], is_streamed: bool) -> bool:
    if body.get("stream_options") is None:
        return False
    if not is_streamed:
        raise wrong_value("stream_options", "it is only allowed with 'stream': true.")
    options = mapping(body["stream_options"], "stream_options")
    known_only(options, frozenset({"include_usage", "include_obfuscation"}), "stream_options")
    return bool(optional(options, "include_usage", boolean))


def _tools(value: Any) -> tuple[tuple[ToolSpec, ...], CacheTime | None]:
    """The tools, and the cache that ends with them."""
    if value is None:
        return (), None
    found = [
        _tool(mapping(tool, f"tools[{at}]"), f"tools[{at}]")
        for at, tool in enumerate(array(value, "tools", most=MAX_TOOLS))
    ]
    marks = [ends_cache for _, ends_cache in found if ends_cache]
    return tuple(tool for tool, _ in found), marks[-1] if marks else None


def _tool(tool: dict[str, Any], param: str) -> tuple[ToolSpec, CacheTime | None]:
    """A tool, and the cache that ends with it: by a mark on it or, as some libraries write it, on
    its function."""
    one_of(required(tool, "type", f"{param}.type"), f"{param}.type", ("function",))
    where = f"{param}.function"
    function = mapping(required(tool, "function", where), where)
    known_only(function, frozenset({"name", "description", "parameters", "strict", MARK}), where)
    ends_cache = read_mark(tool, param) or read_mark(function, where)
    return read_function(function, where), ends_cache


def _tool_choice(value: Any, tools: tuple[ToolSpec, ...]) -> ToolChoice:
    where = "tool_choice"
    if value is None:
        return ToolChoice("auto", tools)
    if not tools:
        raise wrong_value(where, "it is only allowed with 'tools'.")
    if isinstance(value, str):
        return ToolChoice(one_of(value, where, _CHOICES), tools)
    if not isinstance(value, dict):
        raise wrong_type(where, value, "a string or an object")
    kinds = ("function", "allowed_tools")
    kind = one_of(required(value, "type", f"{where}.type"), f"{where}.type", kinds)
    if kind == "allowed_tools":
        where = f"{where}.{kind}"
        return read_allowed(mapping(required(value, kind, where), where), where, tools, _named)
    return ToolChoice("required", tools, _named(value, where, tools))


def _named(value: dict[str, Any], param: str, tools: tuple[ToolSpec, ...]) -> str:
    where = f"{param}.function"
    return read_named(mapping(required(value, "function", where), where), where, tools)


def _response_format(value: Any) -> dict[str, Any] | None:
    where = "response_format"
    wanted = mapping(value, where)
    kinds = ("text", "json_object", "json_schema")
    kind = one_of(required(wanted, "type", f"{where}.type"), f"{where}.type", kinds)
    if kind == "json_schema":
        format_ = mapping(required(wanted, kind, f"{where}.{kind}"), f"{where}.{kind}")
        text(required(format_, "name", f"{where}.{kind}.name"), f"{where}.{kind}.name")
        schema = required(format_, "schema", f"{where}.{kind}.schema")
        schema_of(schema, f"{where}.{kind}.schema")
    return wanted


def _schema_of(options: dict[str, Any]) -> dict[str, Any] | None:
    wanted = options.get("response_format") or {}
    schema: dict[str, Any] | None = (wanted.get("json_schema") or {}).get("schema")
    return schema if wanted.get("type") == "json_schema" else None
