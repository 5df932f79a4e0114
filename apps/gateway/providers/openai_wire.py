"""OpenAI's chat format, both ways."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from agentplatform.core.json_values import clean_text
from apps.gateway.contracts import (
    Completion,
    CompletionRequest,
    Message,
    Part,
    StopReason,
    ToolUse,
    Usage,
)
from apps.gateway.providers.errors import InvalidAnswer
from apps.gateway.providers.estimate import bound_tokens
from apps.gateway.providers.image_tokens import bound_openai_image, bound_openai_pdf
from apps.gateway.providers.output import parse_arguments, read_output, schema_in_words
from apps.gateway.providers.port import Answer
from apps.gateway.providers.status_errors import told_error
from apps.gateway.providers.told_choice import told_choice
from apps.gateway.providers.told_usage import part_of, told_usage
from apps.gateway.providers.tool_arguments import write_arguments

_STOP_REASONS: dict[str | None, StopReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}
_TOKENS_PER_MESSAGE = 8
_NOT_STRICT = frozenset(
    {"allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas"}
)


def to_wire(request: CompletionRequest) -> dict[str, Any]:
    """The request's body, but for the model and the bound of the answer."""
    body: dict[str, Any] = {"messages": _messages(request.messages)}
    if request.tools:
        body["tools"] = [
            {"type": "function", "function": tool.model_dump(exclude_none=True)}
            for tool in request.tools
        ]
        body["tool_choice"] = _tool_choice(request)
    if request.response_schema is not None and not request.is_verbatim:
        _ask_for_json(body, request.response_schema)
    if request.temperature is not None:
        body["temperature"] = request.temperature
    return body | request.options


def _tool_choice(request: CompletionRequest) -> Any:
    if request.tool_name is None:
        return request.tool_choice
    return {"type": "function", "function": {"name": request.tool_name}}


def _ask_for_json(body: dict[str, Any], schema: dict[str, Any]) -> None:
    """Wish for JSON of this schema: enforced where OpenAI can enforce it, as a hint where it is an
    object that it cannot, in words where it is no object."""
    if schema.get("type") != "object" or "anyOf" in schema:
        body["messages"].append({"role": "system", "content": schema_in_words(schema)})
        return
    body["response_format"] = {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": _is_strict(schema)},
    }


def bound_wire(body: dict[str, Any], *, model: str) -> int:
    """An upper bound of the prompt tokens of a body made by to_wire, as this model counts."""
    extras = [body[key] for key in ("tools", "response_format") if key in body]
    texts = [_text_of(message) for message in body["messages"]]
    texts += [json.dumps(extra, ensure_ascii=False) for extra in extras]
    bound = sum(bound_tokens(text) + _TOKENS_PER_MESSAGE for text in texts) + _TOKENS_PER_MESSAGE
    return bound + sum(
        _bound_shown(part, model=model)
        for message in body["messages"]
        if isinstance(message["content"], list)
        for part in message["content"]
    )


def _bound_shown(part: dict[str, Any], *, model: str) -> int:
    """Of an image or a PDF; texts are counted elsewhere."""
    if image := part.get("image_url"):
        return bound_openai_image(image["url"], detail=image["detail"], model=model)
    if file := part.get("file"):
        return bound_openai_pdf(file["file_data"], model=model)
    return 0


def read_answer(
    response: Any,
    *,
    request: CompletionRequest,
    provider: str,
    model: str,
    guess: Callable[[], Usage],
) -> Answer:
    """A ChatCompletion as JSON, normalised; `guess` stands in for missing usage. Raises
    InvalidAnswer, and anything else where it is not of that form."""
    if not response.get("choices"):
        if error := response.get("error"):
            raise told_error(error, has_begun=False)
        raise InvalidAnswer("The answer has no choices.")
    choice = response["choices"][0]
    message = choice["message"]
    told = _usage(response.get("usage"))
    usage = told or guess()
    if request.is_verbatim:
        choice = told_choice(choice)
        return _verbatim(choice, usage, provider=provider, model=model, has_usage=bool(told))
    tool_calls = tuple(
        _tool_use(call, number=number, usage=usage)
        for number, call in enumerate(message.get("tool_calls") or ())
    )
    content, refusal = message.get("content"), message.get("refusal")
    text = clean_text(content or refusal or "")
    is_refused = bool(refusal) and not content
    stop_reason = _STOP_REASONS.get(choice.get("finish_reason"), "stop")
    return Answer(
        completion=Completion(
            text=text,
            tool_calls=tool_calls,
            parsed=read_output(text, request, tool_calls=tool_calls, usage=usage),
            stop_reason="content_filter" if is_refused else _with_calls(stop_reason, tool_calls),
            usage=usage,
            provider=provider,
            model=model,
        ),
        has_usage=told is not None,
    )


def _verbatim(
    choice: dict[str, Any], usage: Usage, *, provider: str, model: str, has_usage: bool
) -> Answer:
    message = choice["message"]
    completion = Completion(
        text=clean_text(message.get("content") or message.get("refusal") or ""),
        stop_reason=_STOP_REASONS.get(choice.get("finish_reason"), "stop"),
        usage=usage,
        provider=provider,
        model=model,
    )
    return Answer(completion=completion, has_usage=has_usage, choice=choice)


def _tool_use(call: dict[str, Any], *, number: int, usage: Usage) -> ToolUse:
    name = call["function"]["name"]
    return ToolUse(
        id=call.get("id") or f"call_{number}",
        name=clean_text(name),
        arguments=parse_arguments(call["function"]["arguments"], tool=name, usage=usage),
    )


def _with_calls(stop_reason: StopReason, tool_calls: tuple[ToolUse, ...]) -> StopReason:
    return "tool_calls" if tool_calls and stop_reason == "stop" else stop_reason


def _messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """OpenAI takes texts alone from tools: images and PDFs of their results are shown by the user,
    behind the last result."""
    sent: list[dict[str, Any]] = []
    shown: list[dict[str, Any]] = []
    for message in messages:
        if shown and message.role != "tool":
            sent.append({"role": "user", "content": shown})
            shown = []
        sent.append(_message(message))
        if message.role == "tool" and message.shown:
            named = f"Shown in the result of the tool call {message.tool_call_id}:"
            shown.append({"type": "text", "text": named})
            shown += map(_part, message.shown)
    return [*sent, {"role": "user", "content": shown}] if shown else sent


def _message(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        return {
            "role": "tool",
            "tool_call_id": message.tool_call_id or "",
            "content": message.content,
        }
    body: dict[str, Any] = {"role": message.role, "content": message.content}
    if any(part.is_shown or part.cache_breakpoint for part in message.parts):
        body["content"] = [_part(part) for part in message.parts]
    if message.name is not None:
        body["name"] = message.name
    if message.tool_calls:
        body["content"] = message.content or None
        body["tool_calls"] = [_tool_call(call) for call in message.tool_calls]
    return body


def _part(part: Part) -> dict[str, Any]:
    said: dict[str, Any] = {"type": "text", "text": part.text}
    if part.image_url is not None:
        image = {"url": part.image_url, "detail": part.detail}
        said = {"type": "image_url", "image_url": image}
    if part.pdf_url is not None:
        file = {"filename": part.file_name or "document.pdf", "file_data": part.pdf_url}
        said = {"type": "file", "file": file}
    if part.cache_breakpoint:
        said["prompt_cache_breakpoint"] = part.cache_breakpoint
    return said


def _tool_call(call: ToolUse) -> dict[str, Any]:
    function = {"name": call.name, "arguments": write_arguments(call.arguments)}
    return {"id": call.id, "type": "function", "function": function}


def _text_of(message: dict[str, Any]) -> str:
    calls = message.get("tool_calls")
    suffix = json.dumps(calls, ensure_ascii=False) if calls else ""
    content = message.get("content") or ""
    if isinstance(content, list):
        content = "\n".join(part["text"] for part in content if "text" in part)
    return str(content) + suffix


def _usage(usage: Any) -> Usage | None:
    prompt, completion = (part_of(usage, f"{of}_tokens_details") for of in ("prompt", "completion"))
    return told_usage(
        prompt=part_of(usage, "prompt_tokens"),
        completion=part_of(usage, "completion_tokens"),
        cached=part_of(prompt, "cached_tokens"),
        cache_write=part_of(prompt, "cache_write_tokens"),
        reasoning=part_of(completion, "reasoning_tokens"),
    )


def _is_strict(schema: Any) -> bool:
    """Whether every object in it lists all its properties as required and allows no others, and
    no keyword is one that strict mode refuses."""
    if isinstance(schema, list):
        return all(_is_strict(item) for item in schema)
    if not isinstance(schema, dict):
        return True
    if not _NOT_STRICT.isdisjoint(schema):
        return False
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False:
            return False
        if set(schema.get("required", ())) != set(properties):
            return False
    return all(_is_strict(value) for value in schema.values())
