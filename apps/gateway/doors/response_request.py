"""The body of POST /v1/responses, as a request to the pipeline."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from apps.gateway.contracts import CompletionRequest, ToolSpec
from apps.gateway.doors.body import Bounds, decode_body, model_of, schema_of
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
)
from apps.gateway.doors.options import (
    COMMON,
    effort,
    metadata,
    read_options,
    unsupported,
    verbosity,
)
from apps.gateway.doors.response_items import read_input
from apps.gateway.doors.response_tools import read_tool_choice, read_tools

_OWN: Final = frozenset({
    "model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text",
    "max_output_tokens", "max_tool_calls", "temperature", "reasoning", "metadata", "include",
    "top_logprobs", "store", "background", "truncation", "stream", "stream_options",
})  # fmt: skip
_STATELESS: Final = "nothing is stored; send the whole conversation as 'input'."
_REFUSED: Final = {
    "previous_response_id": _STATELESS,
    "conversation": _STATELESS,
    "prompt": "no prompts are stored; send 'instructions' and 'input'.",
    "context_management": "shorten 'input' yourself; remove it.",
    "moderation": "the gateway moderates nothing; remove it.",
}
_LOGPROBS: Final = "message.output_text.logprobs"
_INCLUDED: Final = (
    _LOGPROBS, "reasoning.encrypted_content", "file_search_call.results",
    "web_search_call.results", "web_search_call.action.sources", "message.input_image.image_url",
    "computer_call_output.output.image_url", "code_interpreter_call.outputs",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ResponseWish:
    """What a client wants; `told` are the parameters that the answer repeats."""

    request: CompletionRequest
    is_streamed: bool
    told: dict[str, Any]


def read_response(raw: bytes, *, bounds: Bounds) -> ResponseWish:
    """The wish that a body says. Raises Refusal, which names the parameter that is wrong."""
    body = decode_body(raw)
    options = read_options(
        body, known=COMMON, own=_OWN, refused=_REFUSED, passes_unknown=bounds.passes_unknown
    )
    _refuse_others(body)
    tools = read_tools(body.get("tools"))
    choice = read_tool_choice(body.get("tool_choice"), tools)
    is_parallel = optional(body, "parallel_tool_calls", boolean)
    if tools and is_parallel is not None:
        options["parallel_tool_calls"] = is_parallel
    schema = _add_text(options, optional(body, "text", mapping) or {})
    _add_reasoning(options, optional(body, "reasoning", mapping) or {})
    _add_logprobs(options, body)
    instructions = optional(body, "instructions", text)
    request = CompletionRequest.model_validate(
        {
            "model": model_of(body),
            "messages": read_input(
                required(body, "input", "input"),
                instructions=instructions,
                image_limit=bounds.image_bytes,
            ),
            "tools": choice.tools,
            "tool_choice": choice.how,
            "tool_name": choice.name,
            "response_schema": schema,
            "max_tokens": optional(
                body, "max_output_tokens", partial(integer, least=1, most=10_000_000)
            ),
            "temperature": optional(body, "temperature", partial(number, least=0, most=2)),
            "options": options,
            "is_verbatim": True,
        }
    )
    return ResponseWish(
        request=request,
        is_streamed=optional(body, "stream", boolean) or False,
        told=_told(body, request) | {"tools": [_told_tool(tool) for tool in tools]},
    )


def _refuse_others(body: dict[str, Any]) -> None:
    if optional(body, "store", boolean):
        raise unsupported("store", "nothing is stored; leave it out, or send false.")
    if optional(body, "background", boolean):
        raise unsupported("background", "ask for a stream, or make it a run.")
    if optional(body, "truncation", partial(one_of, allowed=("auto", "disabled"))) == "auto":
        raise unsupported("truncation", "shorten 'input' yourself; leave it out.")
    stream_options = optional(body, "stream_options", mapping) or {}
    known_only(stream_options, frozenset({"include_obfuscation"}), "stream_options")


def _add_text(options: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any] | None:
    """The wishes about the text, in the words of chat; the schema that it has to satisfy."""
    known_only(wanted, frozenset({"format", "verbosity"}), "text")
    if wanted.get("verbosity") is not None:
        options["verbosity"] = verbosity(wanted["verbosity"], "text.verbosity")
    if wanted.get("format") is None:
        return None
    where = "text.format"
    form = mapping(wanted["format"], where)
    kinds = ("text", "json_object", "json_schema")
    kind = one_of(required(form, "type", f"{where}.type"), f"{where}.type", kinds)
    if kind == "json_object":
        options["response_format"] = {"type": kind}
    if kind != "json_schema":
        return None
    known_only(form, frozenset({"type", "name", "description", "schema", "strict"}), where)
    text(required(form, "name", f"{where}.name"), f"{where}.name")
    schema = schema_of(required(form, "schema", f"{where}.schema"), f"{where}.schema")
    said = {name: one for name, one in form.items() if name != "type" and one is not None}
    options["response_format"] = {"type": kind, "json_schema": said}
    return schema


def _add_reasoning(options: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Its summaries are asked for by habit; a model behind chat has none to tell."""
    known = frozenset({"effort", "summary", "generate_summary", "context", "mode"})
    known_only(wanted, known, "reasoning")
    if wanted.get("effort") is not None:
        options["reasoning_effort"] = effort(wanted["effort"], "reasoning.effort")


def _add_logprobs(options: dict[str, Any], body: dict[str, Any]) -> None:
    included = [
        one_of(one, f"include[{at}]", _INCLUDED)
        for at, one in enumerate(optional(body, "include", array) or ())
    ]
    most = optional(body, "top_logprobs", partial(integer, least=0, most=20))
    if _LOGPROBS in included or most:
        options["logprobs"] = True
        if most:
            options["top_logprobs"] = most


def _told(body: dict[str, Any], request: CompletionRequest) -> dict[str, Any]:
    wanted = {name: one for name, one in (body.get("text") or {}).items() if one is not None}
    return {
        "background": False,
        "instructions": body.get("instructions"),
        "max_output_tokens": request.max_tokens,
        "max_tool_calls": optional(body, "max_tool_calls", integer),
        "metadata": optional(body, "metadata", metadata) or {},
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
        "previous_response_id": None,
        "reasoning": {"effort": request.options.get("reasoning_effort"), "summary": None},
        "store": False,
        "temperature": 1.0 if request.temperature is None else request.temperature,
        "text": {"format": {"type": "text"}, **wanted},
        "tool_choice": body.get("tool_choice") or "auto",
        "top_logprobs": request.options.get("top_logprobs", 0),
        "top_p": request.options.get("top_p", 1.0),
        "truncation": "disabled",
    }


def _told_tool(tool: ToolSpec) -> dict[str, Any]:
    return {"type": "function", **tool.model_dump()}
