"""JSON schemas that a local server can turn into a grammar, and whose answers end in time."""

from collections.abc import Callable
from typing import Any

# What llama.cpp's grammar understands. It drops other keywords, or refuses the request for them.
_KEPT = frozenset(
    {"type", "enum", "const", "required", "minItems", "maxItems", "minLength", "maxLength"}
    | {"minimum", "maximum", "additionalProperties"}
)
_BRANCHES = ("anyOf", "oneOf")
_SHORTEST, _LONGEST = 24, 400
_MAX_ITEMS = 8
_MAX_DEPTH = 12
_ANY = {"type": "string"}


def bounded_schema(schema: dict[str, Any], *, max_tokens: int) -> dict[str, Any]:
    """`schema` with bounds on every free string and array, so that an answer of it fits roughly
    into `max_tokens`. Each answer of the result satisfies `schema`, patterns and formats apart."""
    strings = max(1, _count_strings(schema, schema, 0))
    length = max(_SHORTEST, min(_LONGEST, max_tokens * 2 // strings))
    return _bound(schema, root=schema, length=length, depth=0)


def _bound(schema: Any, *, root: dict[str, Any], length: int, depth: int) -> dict[str, Any]:
    schema = _resolve(schema, root)
    if depth > _MAX_DEPTH or not isinstance(schema, dict):
        return dict(_ANY)

    def inner(part: Any) -> dict[str, Any]:
        return _bound(part, root=root, length=length, depth=depth + 1)

    bounded = {key: value for key, value in schema.items() if key in _KEPT}
    if "enum" in bounded or "const" in bounded:
        return {key: bounded[key] for key in ("const", "enum") if key in bounded}
    for branch in _BRANCHES:
        if branch in schema:
            return {"anyOf": [inner(part) for part in schema[branch]]}
    if "properties" in schema or bounded.get("type") == "object":
        return _bound_object(schema, inner)
    if "items" in schema or bounded.get("type") == "array":
        bounded["type"] = "array"
        bounded["items"] = inner(schema.get("items", _ANY))
        most = min(bounded.get("maxItems", _MAX_ITEMS), _MAX_ITEMS)
        bounded["maxItems"] = max(most, bounded.get("minItems", 0))
    return _bound_scalar(bounded, length)


def _bound_object(schema: dict[str, Any], inner: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    required = list(schema.get("required", ()))
    parts = dict.fromkeys(required, _ANY) | schema.get("properties", {})
    properties = {name: inner(part) for name, part in parts.items()}
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _bound_scalar(bounded: dict[str, Any], length: int) -> dict[str, Any]:
    types = bounded.get("type", "string")
    bounded.setdefault("type", types)
    if "string" in (types if isinstance(types, list) else [types]):
        most = min(bounded.get("maxLength", length), length)
        bounded["maxLength"] = max(most, bounded.get("minLength", 0))
    return bounded


def _count_strings(schema: Any, root: dict[str, Any], depth: int) -> int:
    schema = _resolve(schema, root)
    if depth > _MAX_DEPTH or not isinstance(schema, dict):
        return 1
    if "enum" in schema or "const" in schema:
        return 0
    branches = [part for branch in _BRANCHES for part in schema.get(branch, ())]
    if branches:
        return max(_count_strings(part, root, depth + 1) for part in branches)
    own = int(schema.get("type", "string") == "string" and "properties" not in schema)
    inner = sum(
        _count_strings(part, root, depth + 1) for part in schema.get("properties", {}).values()
    )
    items = schema.get("items")
    if isinstance(items, dict):
        own = 0
        inner += _count_strings(items, root, depth + 1) * min(
            schema.get("maxItems", _MAX_ITEMS), _MAX_ITEMS
        )
    return own + inner


def _resolve(schema: Any, root: dict[str, Any]) -> Any:
    """What a local $ref points at."""
    seen = 0
    while isinstance(schema, dict) and isinstance(schema.get("$ref"), str) and seen < _MAX_DEPTH:
        seen += 1
        target: Any = root
        for part in schema["$ref"].removeprefix("#").strip("/").split("/"):
            target = target.get(part) if isinstance(target, dict) and part else target
        schema = target
    return schema
