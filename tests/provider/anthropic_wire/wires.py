"""Anthropic's endpoints."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.provider.anthropic_wire.checks import check_message_request
from tests.provider.anthropic_wire.errors import ANTHROPIC_ERRORS, OLDER_VERSION
from tests.provider.anthropic_wire.messages import (
    count_request,
    read_message_request,
    read_older_message_request,
    render_message,
)
from tests.provider.anthropic_wire.stream import ERROR_EVENT, render_message_stream
from tests.provider.behaviour import Behaviour
from tests.provider.values import Answer, Ask
from tests.provider.wire import Wire

MESSAGES = Wire(
    path="/v1/messages",
    errors=ANTHROPIC_ERRORS,
    read=read_message_request,
    render=render_message,
    render_stream=render_message_stream,
    error_event=ERROR_EVENT,
)
OLDER_MESSAGES = replace(MESSAGES, read=read_older_message_request)


def pick_messages(headers: Mapping[str, str]) -> Wire:
    """The messages endpoint of the API version that a request names."""
    is_older = headers.get("anthropic-version") == OLDER_VERSION
    return OLDER_MESSAGES if is_older else MESSAGES


def _read_count(body: dict[str, Any], behaviour: Behaviour) -> Ask:
    check_message_request(body, required=("messages",))
    return Ask(model=body["model"], prompt_tokens=count_request(body))


def _render_count(ask: Ask, answer: Answer, is_metered: bool) -> dict[str, Any]:
    return {"input_tokens": ask.prompt_tokens}


COUNT_TOKENS = Wire(
    path="/v1/messages/count_tokens",
    errors=ANTHROPIC_ERRORS,
    read=_read_count,
    render=_render_count,
    is_free=True,
)
