"""The smallest value that a JSON schema accepts."""

from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]
DEEPEST = 32
BUDGETS = (2, 4, 8, 16, DEEPEST)
_CHOSEN = {"const", "default", "examples", "enum"}


class Unsatisfiable(ValueError):
    """The schema accepts nothing that this generator can make."""


def make_instance(schema: Schema | bool) -> Any:
    """The smallest instance of `schema`, the same one every time.

    Understands type, enum, const, default, examples, $ref, anyOf, oneOf, allOf, required, the
    bounds of numbers, lengths and items, and the common formats; ignores pattern. Raises
    Unsatisfiable for a false schema and for one that recurs without end.
    """
    root = schema if isinstance(schema, dict) else {}
    for budget in BUDGETS[:-1]:
        try:
            return _make(schema, root, budget)
        except Unsatisfiable:
            continue
    return _make(schema, root, DEEPEST)


def _make(schema: Schema | bool, root: Schema, depth: int) -> Any:
    if schema is False or depth < 0:
        raise Unsatisfiable("the schema accepts nothing, or recurs without end")
    if schema is True:
        return None
    schema = _flatten(schema, root)
    if not _CHOSEN.isdisjoint(schema):
        return _chosen(schema)
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return _make_first(schema, schema[keyword], root, depth, without=keyword)
    return _MAKERS[_type_of(schema)](schema, root, depth)


def _make_first(
    schema: Schema, branches: list[Schema], root: Schema, depth: int, *, without: str
) -> Any:
    rest = {key: value for key, value in schema.items() if key != without}
    for branch in branches:
        try:
            return _make(_merge(rest, _flatten(branch, root)), root, depth - 1)
        except Unsatisfiable:
            continue
    raise Unsatisfiable(f"no branch of {without} can be satisfied")


def _flatten(schema: Schema | bool, root: Schema) -> Schema:
    """`schema` with its $ref followed and its allOf merged in."""
    if isinstance(schema, bool):
        return {} if schema else {"anyOf": []}
    for _ in range(DEEPEST):
        if "$ref" in schema:
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            schema = _merge(_look_up(schema["$ref"], root), rest)
        elif "allOf" in schema:
            parts = schema["allOf"]
            schema = {key: value for key, value in schema.items() if key != "allOf"}
            for part in parts:
                schema = _merge(schema, _flatten(part, root))
        else:
            return schema
    raise Unsatisfiable("the schema refers to itself without end")


def _look_up(reference: str, root: Schema) -> Any:
    found: Any = root
    for part in reference.lstrip("#").strip("/").split("/"):
        if part:
            found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def _merge(one: Schema, other: Schema) -> Schema:
    merged = {**one, **other}
    if "properties" in one and "properties" in other:
        merged["properties"] = {**one["properties"], **other["properties"]}
    if "required" in one and "required" in other:
        merged["required"] = list(dict.fromkeys([*one["required"], *other["required"]]))
    return merged


def _type_of(schema: Schema) -> str:
    declared = schema.get("type")
    if isinstance(declared, list):
        return str(declared[0])
    if declared:
        return str(declared)
    if "properties" in schema or "required" in schema:
        return "object"
    if "items" in schema or "minItems" in schema:
        return "array"
    if "minimum" in schema or "maximum" in schema:
        return "number"
    return "string" if {"minLength", "format"} & schema.keys() else "null"


def _chosen(schema: Schema) -> Any:
    """The value that the schema's author has chosen."""
    for keyword in ("const", "default"):
        if keyword in schema:
            return schema[keyword]
    return (schema.get("examples") or schema["enum"])[0]


def _make_object(schema: Schema, root: Schema, depth: int) -> dict[str, Any]:
    properties = schema.get("properties", {})
    return {
        name: _make(properties.get(name, True), root, depth - 1)
        for name in schema.get("required", ())
    }


def _make_array(schema: Schema, root: Schema, depth: int) -> list[Any]:
    leading = schema.get("prefixItems", [])
    count = schema.get("minItems", 0)
    item = schema.get("items", True)
    made = [_make(part, root, depth - 1) for part in leading[:count]]
    return made + [_make(item, root, depth - 1) for _ in range(count - len(made))]


def _make_integer(schema: Schema, root: Schema, depth: int) -> int:
    step = int(schema.get("multipleOf", 1)) or 1
    low, high = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        low = int(schema["exclusiveMinimum"] // 1) + 1
    if "exclusiveMaximum" in schema:
        high = -int(-schema["exclusiveMaximum"] // 1) - 1
    if low is not None and low > 0:
        return int(-(-low // step) * step)
    if high is not None and high < 0:
        return int(high // step * step)
    return 0


def _make_number(schema: Schema, root: Schema, depth: int) -> Any:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if above is not None and (low is None or above >= low):
        ceiling = below if below is not None else high
        return above + 1 if ceiling is None or ceiling > above + 1 else (above + ceiling) / 2
    if low is not None and low > 0:
        return low
    if below is not None and below <= 0:
        return below - 1
    return high if high is not None and high < 0 else 0


def _make_string(schema: Schema, root: Schema, depth: int) -> str:
    text = _FORMATS.get(schema.get("format", ""), "")
    return text + "a" * (int(schema.get("minLength", 0)) - len(text))


_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "a@example.org",
    "hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_MAKERS: dict[str, Callable[[Schema, Schema, int], Any]] = {
    "object": _make_object,
    "array": _make_array,
    "integer": _make_integer,
    "number": _make_number,
    "string": _make_string,
    "boolean": lambda schema, root, depth: False,
    "null": lambda schema, root, depth: None,
}
