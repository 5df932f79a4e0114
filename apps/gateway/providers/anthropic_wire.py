"""Anthropic's messages format, both ways."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from agentplatform.core.json_values import clean_json, clean_text
from apps.gateway.contracts import (
    Completion,
    CompletionRequest,
    Message,
    Part,
    ToolUse,
    Usage,
)
from apps.gateway.providers.anthropic_cache import BETWEEN, mark_last, mark_system
from apps.gateway.providers.anthropic_choice import STOP_REASONS, choice_of
from apps.gateway.providers.anthropic_options import add_options
from apps.gateway.providers.anthropic_schema import enforced_schema
from apps.gateway.providers.anthropic_usage import read_usage
from apps.gateway.providers.errors import InvalidAnswer
from apps.gateway.providers.estimate import bound_tokens
from apps.gateway.providers.image_tokens import bound_anthropic_image, bound_anthropic_pdf
from apps.gateway.providers.output import parse_arguments, read_output, schema_in_words
from apps.gateway.providers.port import Answer

_TOOL_CHOICES = {"auto": {"type": "auto"}, "required": {"type": "any"}, "none": {"type": "none"}}
_TOKENS_PER_MESSAGE = 8
_NOTHING_SAID = "Go on."
_SHOWN = ("image", "document")
# Anthropic puts a text of its own in front of tools and schemas.
_TOKENS_FOR_TOOLS = 600


def to_wire(request: CompletionRequest) -> dict[str, Any]:
    """The request's body, but for the model and the bound of the answer. Anthropic's messages have
    no temperature: the wish for one is dropped."""
    systems = [one for one in request.messages if one.role == "system" and one.content.strip()]
    system = BETWEEN.join(one.content for one in systems)
    turns = _turns(request.messages)
    body: dict[str, Any] = {"messages": _opened(turns, system)}
    if turns and system:
        body["system"] = system
    body |= _tools(request)
    if request.response_schema is not None:
        body |= _output(request.response_schema, body.get("system", ""))
    add_options(body, request.options)
    if turns and system:
        body["system"] = mark_system(body["system"], systems)
    return body


def _tools(request: CompletionRequest) -> dict[str, Any]:
    """The tools on offer. A conversation that used tools must define them even to forbid them."""
    if request.tools:
        tools: list[dict[str, Any]] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
            for tool in request.tools
        ]
        mark_last(tools, request.caches_tools)
        choice = _TOOL_CHOICES[request.tool_choice]
        if request.tool_name is not None:
            choice = {"type": "tool", "name": request.tool_name}
        return {"tools": tools, "tool_choice": choice}
    used = {call.name for message in request.messages for call in message.tool_calls}
    if not used:
        return {}
    tools = [{"name": name, "input_schema": {"type": "object"}} for name in sorted(used)]
    return {"tools": tools, "tool_choice": _TOOL_CHOICES["none"]}


def _output(schema: dict[str, Any], system: str) -> dict[str, Any]:
    """The wish for JSON: enforced by Anthropic where it can enforce the schema, else in words."""
    try:
        enforced = enforced_schema(schema)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {"system": f"{system}\n\n{schema_in_words(schema)}".strip()}
    return {"output_config": {"format": {"type": "json_schema", "schema": enforced}}}


def bound_wire(body: dict[str, Any]) -> int:
    """An upper bound of the prompt tokens of a body made by to_wire."""
    shown, texts = 0, []
    for turn in body["messages"]:
        blocks = list(_unfolded(turn["content"]))
        said = [block for block in blocks if block["type"] not in _SHOWN]
        shown += sum(_bound_shown(one) for one in blocks if one["type"] in _SHOWN)
        texts.append(json.dumps(said, ensure_ascii=False))
    system = body.get("system", "")
    texts.append(system if isinstance(system, str) else json.dumps(system, ensure_ascii=False))
    extras = [body[key] for key in ("tools", "output_config") if key in body]
    texts += [json.dumps(extra, ensure_ascii=False) for extra in extras]
    bound = sum(bound_tokens(text) + _TOKENS_PER_MESSAGE for text in texts)
    return bound + shown + (_TOKENS_FOR_TOOLS if extras else 0)


def _unfolded(blocks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The blocks, those of a tool's result behind it."""
    for block in blocks:
        if isinstance(block.get("content"), list):
            yield {**block, "content": ""}
            yield from block["content"]
        else:
            yield block


def _bound_shown(block: dict[str, Any]) -> int:
    source = block["source"]
    url = f"data:,{source['data']}" if source["type"] == "base64" else source["url"]
    is_image = block["type"] == "image"
    return bound_anthropic_image(url) if is_image else bound_anthropic_pdf(url)


def read_answer(
    response: Any,
    *,
    request: CompletionRequest,
    provider: str,
    model: str,
    guess: Callable[[], Usage],
) -> Answer:
    """A Message as JSON, normalised; `guess` stands in for missing usage. Raises InvalidAnswer, and
    anything else where it is not of that form."""
    if not isinstance(response.get("content"), list):
        raise InvalidAnswer("The answer has no content.")
    told = read_usage(response.get("usage"))
    usage = told or guess()
    if request.is_verbatim:
        choice = choice_of(response)
        completion = Completion(
            text=clean_text(choice["message"]["content"] or ""),
            stop_reason=STOP_REASONS.get(response.get("stop_reason"), "stop"),
            usage=usage,
            provider=provider,
            model=model,
        )
        return Answer(completion=completion, has_usage=told is not None, choice=choice)
    blocks = response["content"]
    text = "".join(block["text"] for block in blocks if block["type"] == "text")
    tool_calls = tuple(
        ToolUse(
            id=block["id"], name=clean_text(block["name"]), arguments=_arguments(block, usage=usage)
        )
        for block in blocks
        if block["type"] == "tool_use"
    )
    text = clean_text(text)
    return Answer(
        completion=Completion(
            text=text,
            tool_calls=tool_calls,
            parsed=read_output(text, request, tool_calls=tool_calls, usage=usage),
            stop_reason=STOP_REASONS.get(response.get("stop_reason"), "stop"),
            usage=usage,
            provider=provider,
            model=model,
        ),
        has_usage=told is not None,
    )


def _arguments(block: dict[str, Any], *, usage: Usage) -> Any:
    """Decoded, or as text when they were streamed. Raises InvalidOutput for a text that is none."""
    if isinstance(block["input"], str):
        return parse_arguments(block["input"], tool=block["name"], usage=usage)
    return clean_json(block["input"])


def _turns(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    """User and assistant by turns: neighbours of one role become one message."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks(message)
        mark_last(blocks, message.ends_cache)
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        elif blocks:
            turns.append({"role": role, "content": blocks})
    return turns


def _opened(turns: list[dict[str, Any]], system: str) -> list[dict[str, Any]]:
    """The turns as Anthropic takes them: a user speaks first, the last word has no blank end."""
    if not turns:
        return [{"role": "user", "content": _texts(system) or _texts(_NOTHING_SAID)}]
    if turns[-1]["role"] == "assistant" and turns[-1]["content"][-1]["type"] == "text":
        last = turns[-1]["content"][-1]
        last["text"] = last["text"].rstrip()
    if turns[0]["role"] == "assistant":
        return [{"role": "user", "content": _texts(_NOTHING_SAID)}, *turns]
    return turns


def _blocks(message: Message) -> list[dict[str, Any]]:
    if message.role == "tool":
        result: dict[str, Any] = {"type": "tool_result", "tool_use_id": message.tool_call_id or ""}
        shown = [block for part in message.parts for block in _part(part)]
        if message.is_error:
            result["is_error"] = True
        return [{**result, "content": shown or message.content}]
    uses = [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}
        for call in message.tool_calls
    ]
    if message.parts:
        return [block for part in message.parts for block in _part(part)] + uses
    return _texts(message.content) + uses


def _part(part: Part) -> list[dict[str, Any]]:
    blocks = [_shown(part)] if part.is_shown else _texts(part.text)
    mark_last(blocks, part.ends_cache)
    return blocks


def _shown(part: Part) -> dict[str, Any]:
    """The block that an image or a PDF is."""
    url = part.image_url or part.pdf_url or ""
    source: dict[str, Any] = {"type": "url", "url": url}
    if url.startswith("data:"):
        media_type, _, data = url.removeprefix("data:").partition(";base64,")
        source = {"type": "base64", "media_type": media_type, "data": data}
    if part.image_url is not None:
        return {"type": "image", "source": source}
    return {
        "type": "document",
        "source": source,
        **({"title": part.file_name} if part.file_name else {}),
    }


def _texts(text: str) -> list[dict[str, Any]]:
    """Anthropic refuses blocks of blank text."""
    return [{"type": "text", "text": text}] if text.strip() else []
