"""POST /v1/embeddings: a vector of unit length that depends on the text alone."""

import base64
import hashlib
import math
import struct
from typing import Any

from tests.provider.answers import Script
from tests.provider.behaviour import Behaviour
from tests.provider.checks import is_count, refuse_unless
from tests.provider.tokens import count_tokens
from tests.provider.values import Answer, Ask, Usage

DIMENSIONS = 256
MOST_INPUTS = 2048


def read_embedding(body: dict[str, Any], behaviour: Behaviour) -> Ask:
    """The request as an Ask. Raises Refusal."""
    inputs = _inputs(body)
    refuse_unless(
        isinstance(inputs, list)
        and 0 < len(inputs) <= MOST_INPUTS
        and all((isinstance(item, str) and item) or _is_tokens(item) for item in inputs),
        "Invalid 'input': expected a non-empty string, an array of them, or arrays of tokens.",
        param="input",
    )
    refuse_unless(
        body.get("encoding_format") in (None, "float", "base64"),
        "Invalid value for 'encoding_format': expected 'float' or 'base64'.",
        param="encoding_format",
    )
    refuse_unless(
        body.get("dimensions") is None or is_count(body["dimensions"], 1, 3072),
        "Invalid value for 'dimensions'.",
        param="dimensions",
    )
    tokens = sum(count_tokens(item) if isinstance(item, str) else len(item) for item in inputs)
    return Ask(model=body["model"], prompt_tokens=tokens, body=body)


def compose_nothing(ask: Ask, behaviour: Behaviour, script: Script) -> Answer:
    """The answer of an endpoint that reads and says nothing."""
    usage = Usage(prompt_tokens=ask.prompt_tokens, completion_tokens=0)
    return Answer(text="", calls=(), stop="stop", usage=usage)


def render_embeddings(ask: Ask, answer: Answer, is_metered: bool) -> dict[str, Any]:
    """The list of embeddings."""
    vectors = [_embed(item, ask.body.get("dimensions") or DIMENSIONS) for item in _inputs(ask.body)]
    is_packed = ask.body.get("encoding_format") == "base64"
    body = {
        "object": "list",
        "model": ask.model,
        "data": [
            {"object": "embedding", "index": index, "embedding": _pack(v) if is_packed else v}
            for index, v in enumerate(vectors)
        ],
    }
    usage = {"prompt_tokens": ask.prompt_tokens, "total_tokens": ask.prompt_tokens}
    return {**body, "usage": usage} if is_metered else body


def _inputs(body: dict[str, Any]) -> list[str | list[int]]:
    given = body.get("input")
    return [given] if isinstance(given, str) or _is_tokens(given) else given  # type: ignore[list-item,return-value]


def _is_tokens(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(is_count(item, 0) for item in value)


def _embed(text: str | list[int], dimensions: int) -> list[float]:
    seed = hashlib.shake_128(repr(text).encode()).digest(dimensions)
    raw = [byte - 127.5 for byte in seed]
    length = math.sqrt(sum(value * value for value in raw))
    return [value / length for value in raw]


def _pack(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
