"""JSON bodies: bounded in size and depth, and without what JSON or PostgreSQL cannot hold."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import IO, Any, Never

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from agentplatform.core.errors import InvalidInput, TooLarge

MAX_DEPTH = 32
MAX_INTEGER = 2**63 - 1


class BoundedJSONParser(JSONParser):
    """Refuses a body that is too large (413), is no JSON (400) or cannot be stored (422).

    So no serializer meets a NUL, a lone surrogate, a NaN, a duplicate key or a deep nest.
    """

    def parse(
        self,
        stream: IO[Any],
        _media_type: str | None = None,
        _parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge(f"The body is larger than {limit} bytes. Send less.")
        value = decode(body)
        check(value)
        return value


def decode(body: bytes) -> Any:
    """The value of a JSON text. Raises ParseError (400), InvalidInput for a duplicate key."""
    try:
        return json.loads(
            body.decode(), parse_constant=_refuse_constant, object_pairs_hook=_unique_keys
        )
    except RecursionError as error:
        raise _too_deep() from error
    except UnicodeDecodeError as error:
        raise ParseError("The body is not UTF-8.") from error
    except ValueError as error:
        raise ParseError(f"The body is not JSON: {error}.") from error


def check(value: Any) -> None:
    """Raises ParseError for a deep nest, InvalidInput naming the place of what cannot be stored."""
    for path, depth, item in _walk(value):
        if depth >= MAX_DEPTH and isinstance(item, dict | list):
            raise _too_deep()
        wrong = _what_is_wrong(item)
        if wrong:
            raise InvalidInput(
                "The body holds a value that cannot be stored.", errors={path: wrong}
            )


def _walk(value: Any) -> Iterator[tuple[str, int, Any]]:
    """Every value and every key, each with its path and depth; without recursion."""
    stack = [("", 0, value)]
    while stack:
        path, depth, item = stack.pop()
        yield path, depth, item
        if isinstance(item, dict):
            for key, child in item.items():
                yield path, depth, key
                stack.append((f"{path}.{key}".lstrip("."), depth + 1, child))
        elif isinstance(item, list):
            stack.extend(
                (f"{path}.{i}".lstrip("."), depth + 1, child) for i, child in enumerate(item)
            )


def _what_is_wrong(item: Any) -> list[str]:
    if isinstance(item, str):
        if "\x00" in item:
            return ["Remove the NUL character."]
        if not item.isascii() and any("\ud800" <= character <= "\udfff" for character in item):
            return ["Remove the lone surrogate: it is no character."]
    elif isinstance(item, float) and not math.isfinite(item):
        return ["This number is too large for a double."]
    elif isinstance(item, int) and abs(item) > MAX_INTEGER:
        return ["This integer does not fit into 64 bits; send it as a string."]
    return []


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        shown = ascii(twice)[1:-1]
        raise InvalidInput("An object names a key twice.", errors={shown: ["Send this key once."]})
    return value


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON number")


def _too_deep() -> ParseError:
    return ParseError(f"The body is nested deeper than {MAX_DEPTH} levels.")
