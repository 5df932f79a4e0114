"""OpenAI's endpoints."""

from tests.provider.openai_wire.chat import read_chat, render_chat
from tests.provider.openai_wire.embeddings import (
    compose_nothing,
    read_embedding,
    render_embeddings,
)
from tests.provider.openai_wire.errors import OPENAI_ERRORS
from tests.provider.openai_wire.responses import (
    read_response,
    render_response,
    render_response_stream,
)
from tests.provider.openai_wire.stream import ERROR_EVENT, render_chat_stream
from tests.provider.wire import Wire

CHAT = Wire(
    path="/v1/chat/completions",
    errors=OPENAI_ERRORS,
    read=read_chat,
    render=render_chat,
    render_stream=render_chat_stream,
    error_event=ERROR_EVENT,
)
RESPONSES = Wire(
    path="/v1/responses",
    errors=OPENAI_ERRORS,
    read=read_response,
    render=render_response,
    render_stream=render_response_stream,
    error_event=ERROR_EVENT,
)
EMBEDDINGS = Wire(
    path="/v1/embeddings",
    errors=OPENAI_ERRORS,
    read=read_embedding,
    compose=compose_nothing,
    render=render_embeddings,
)
