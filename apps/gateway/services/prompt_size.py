"""How large a request is, and how large it may be, before it is sent anywhere."""

import json

from apps.gateway.contracts import CompletionRequest, Message, Part
from apps.gateway.providers.estimate import TOKENS_PER_IMAGE, bound_tokens
from apps.gateway.providers.image_tokens import bound_anthropic_pdf
from apps.gateway.services.hold import DEFAULT_MAX_TOKENS

_TOKENS_PER_MESSAGE = 8
_TOKENS_FOR_TOOLS = 600
"""What a provider puts in front of tools and schemas of its own accord."""
_MOST_TOKENS_PER_CHARACTER = 4


def message_tokens(message: Message) -> int:
    """An upper bound of the tokens of a message, at most models."""
    text = message.content
    if message.tool_calls:
        text += json.dumps([use.model_dump() for use in message.tool_calls], ensure_ascii=False)
    shown = sum(_shown_tokens(part) for part in message.shown)
    return bound_tokens(text) + _TOKENS_PER_MESSAGE + shown


def _shown_tokens(part: Part) -> int:
    return TOKENS_PER_IMAGE if part.pdf_url is None else bound_anthropic_pdf(part.pdf_url)


def shows_something(request: CompletionRequest) -> bool:
    """Whether there are images or PDFs, for which models differ much in the tokens they count."""
    return any(one.shown for one in request.messages)


def prompt_tokens(request: CompletionRequest) -> int:
    """An upper bound of the tokens of a request, at most models."""
    return sum(map(message_tokens, request.messages)) + _extra_tokens(request)


def messages_room(request: CompletionRequest, *, window: int) -> int:
    """How many tokens the messages may take beside tools, schema and answer; none may be left."""
    answer = request.max_tokens or min(DEFAULT_MAX_TOKENS, window // 4)
    return window - _extra_tokens(request) - answer


def _extra_tokens(request: CompletionRequest) -> int:
    """An upper bound of the tokens of tools and schema."""
    extras = [tool.model_dump() for tool in request.tools]
    if request.response_schema is not None:
        extras.append(request.response_schema)
    taken = sum(bound_tokens(json.dumps(extra, ensure_ascii=False)) for extra in extras)
    return taken + _TOKENS_FOR_TOOLS if extras else taken


def surely_fits(request: CompletionRequest, *, window: int) -> bool:
    """Whether the request fits by its number of characters alone, which is quick to know."""
    characters = len(request.model_dump_json())
    answer = request.max_tokens or DEFAULT_MAX_TOKENS
    return characters * _MOST_TOKENS_PER_CHARACTER + answer + _TOKENS_FOR_TOOLS <= window
