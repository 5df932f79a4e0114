"""JSON of requests and answers, fast where it is ordinary and right where it is not."""

import json
from typing import Any

import orjson

_ZEROS = bytes(ord("0") if chr(byte).isdecimal() else byte for byte in range(256))
"""Makes every digit a zero: long numbers are then found without looking at each place."""
_LONG_NUMBER = b"0" * 19


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
    return json.loads(raw) if _LONG_NUMBER in raw.translate(_ZEROS) else decode_json(raw)
