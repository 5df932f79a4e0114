"""A request made ready: read, answered and rendered, once for each body that comes again."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.provider.behaviour import Behaviour
from tests.provider.instances import Unsatisfiable
from tests.provider.refusal import Refusal
from tests.provider.values import REQUEST_ID, Answer, Ask, Piece
from tests.provider.wire import Wire

LARGEST_KEPT = 32 * 1024
_MARK = REQUEST_ID.encode()


@dataclass(frozen=True, kw_only=True)
class Order:
    """The question and the answer, rendered as a body or as events with REQUEST_ID in them."""

    ask: Ask
    answer: Answer
    body: bytes
    pieces: tuple[Piece, ...]


@lru_cache(maxsize=1024)
def read_model(raw: bytes) -> str:
    """The model that a request names. Raises Refusal."""
    model = _decode(raw).get("model")
    if not isinstance(model, str) or not model:
        raise Refusal(400, "you must provide a model parameter", param="model")
    return model


def prepare_order(wire: Wire, raw: bytes, behaviour: Behaviour, script: str) -> Order:
    """The request `raw`, answered. Raises Refusal. `script` is JSON, or nothing."""
    if len(raw) > LARGEST_KEPT or behaviour.has("body"):
        return _prepare(wire, raw, behaviour, script)
    return _prepare_once(wire, raw, behaviour, script)


def fill_in(rendered: bytes, request_id: str) -> bytes:
    """A rendered answer with its request's id."""
    return rendered.replace(_MARK, request_id.encode())


def _prepare(wire: Wire, raw: bytes, behaviour: Behaviour, script: str) -> Order:
    ask = wire.read(_decode(raw), behaviour)
    if behaviour.has("window") and ask.prompt_tokens > behaviour.number("window"):
        raise context_refusal(wire.errors.provider, ask.prompt_tokens, behaviour.number("window"))
    try:
        answer = wire.compose(ask, behaviour, json.loads(script) if script else ())
    except (Unsatisfiable, RecursionError) as error:
        raise Refusal(400, f"Invalid schema: {error}") from error
    is_metered = not behaviour.has("missing-usage")
    if ask.is_streamed and wire.render_stream is not None:
        pieces = tuple(wire.render_stream(ask, answer, is_metered))
        return Order(ask=ask, answer=answer, body=b"", pieces=pieces)
    body = json.dumps(wire.render(ask, answer, is_metered), separators=(",", ":")).encode()
    return Order(ask=ask, answer=answer, body=body, pieces=())


_prepare_once = lru_cache(maxsize=1024)(_prepare)


def context_refusal(provider: str, tokens: int, limit: int) -> Refusal:
    """The error of a prompt that is too long, in the provider's words."""
    if provider == "anthropic":
        return Refusal(400, f"prompt is too long: {tokens} tokens > {limit} maximum")
    return Refusal(
        400,
        f"This model's maximum context length is {limit} tokens. However, your messages resulted "
        f"in {tokens} tokens. Please reduce the length of the messages.",
        param="messages",
        code="context_length_exceeded",
    )


def _decode(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "We could not parse the JSON body of your request.")
    return body
