"""JSON of requests and answers, fast where it is ordinary and right where it is not."""

import json
import re
from typing import Any

import orjson

_LONG_NUMBER = re.compile(rb"[0-9]{19}")


def encode_json(value: Any) -> bytes:
    """`value` as UTF-8; lone surrogates become escapes. Raises TypeError for what is no JSON."""
    try:
        return orjson.dumps(value)
    except TypeError:  # an integer beyond 64 bits, a lone surrogate, too deep a nesting
        return json.dumps(value, separators=(",", ":")).encode()


def decode_json(raw: bytes) -> Any:
    """The value that `raw` is, integers beyond 64 bits as floats. NaN, infinities and lone
    surrogates are taken, as models write them. Raises ValueError or RecursionError."""
    try:
        return orjson.loads(raw)
    except ValueError:
        return json.loads(raw)


def decode_exactly(raw: bytes) -> Any:
    """The same with every integer as it is."""
    return decode_json(raw) if _LONG_NUMBER.search(raw) is None else json.loads(raw)
