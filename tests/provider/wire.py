"""What one endpoint must know to speak: a table of functions for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.provider.answers import Script, compose_answer
from tests.provider.behaviour import Behaviour
from tests.provider.refusal import Refusal
from tests.provider.values import Answer, Ask, Piece

Body = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Errors:
    """A provider's rules for headers, its error body, and the header its request ids come in."""

    provider: str
    check_headers: Callable[[Mapping[str, str]], None]
    render: Callable[[Refusal], Body]
    request_id_header: str


@dataclass(frozen=True, kw_only=True)
class Wire:
    """An endpoint that takes a model and is billed.

    `read`: a checked request as an Ask, or Refusal. `compose`: what the model says to it. `render`
    and `render_stream`: that as a body and as events, without its usage when the last argument is
    false; the last event is the stream's end mark. `error_event`: an error inside a stream.
    """

    path: str
    errors: Errors
    read: Callable[[Body, Behaviour], Ask]
    render: Callable[[Ask, Answer, bool], Body]
    compose: Callable[[Ask, Behaviour, Script], Answer] = compose_answer
    render_stream: Callable[[Ask, Answer, bool], list[Piece]] | None = None
    error_event: bytes = b""
    is_free: bool = False
