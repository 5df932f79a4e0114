"""The smallest value that a JSON schema accepts."""

from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]
References = frozenset[str]
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
    return _make(schema, root, frozenset({"#"}))


def _make(schema: Schema | bool, root: Schema, inside: References) -> Any:
    """An instance of `schema`, found inside these references. The smallest instance never enters a
    reference again that it is inside of."""
    if schema is False:
        raise Unsatisfiable("the schema accepts nothing")
    if schema is True:
        return None
    schema, inside = _flatten(schema, root, inside)
    if not _CHOSEN.isdisjoint(schema):
        return _chosen(schema)
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return _make_first(schema, root, inside, keyword=keyword)
    return _MAKERS[_type_of(schema)](schema, root, inside)


def _make_first(schema: Schema, root: Schema, inside: References, *, keyword: str) -> Any:
    rest = {key: value for key, value in schema.items() if key != keyword}
    for branch in schema[keyword]:
        try:
            flat, entered = _flatten(branch, root, inside)
            return _make(_merge(rest, flat), root, entered)
        except Unsatisfiable:
            continue
    raise Unsatisfiable(f"no branch of {keyword} can be satisfied")


def _flatten(schema: Schema | bool, root: Schema, inside: References) -> tuple[Schema, References]:
    """`schema` with its $ref followed and its allOf merged in, and the references it is inside."""
    if isinstance(schema, bool):
        return ({} if schema else {"anyOf": []}), inside
    while "$ref" in schema or "allOf" in schema:
        if "$ref" in schema:
            schema, reference = _without(schema, "$ref")
            if reference in inside:
                raise Unsatisfiable(f"{reference} contains itself without end")
            inside |= {reference}
            schema = _merge(_look_up(reference, root), schema)
        else:
            schema, parts = _without(schema, "allOf")
            for part in parts:
                flat, entered = _flatten(part, root, inside)
                schema, inside = _merge(schema, flat), inside | entered
    return schema, inside


def _without(schema: Schema, keyword: str) -> tuple[Schema, Any]:
    return {key: value for key, value in schema.items() if key != keyword}, schema[keyword]


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


def _make_object(schema: Schema, root: Schema, inside: References) -> dict[str, Any]:
    properties = schema.get("properties", {})
    return {
        name: _make(properties.get(name, True), root, inside) for name in schema.get("required", ())
    }


def _make_array(schema: Schema, root: Schema, inside: References) -> list[Any]:
    leading = schema.get("prefixItems", [])
    count = schema.get("minItems", 0)
    item = schema.get("items", True)
    made = [_make(part, root, inside) for part in leading[:count]]
    return made + [_make(item, root, inside) for _ in range(count - len(made))]


def _make_integer(schema: Schema, root: Schema, inside: References) -> int:
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


def _make_number(schema: Schema, root: Schema, inside: References) -> Any:
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


def _make_string(schema: Schema, root: Schema, inside: References) -> str:
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
_MAKERS: dict[str, Callable[[Schema, Schema, References], Any]] = {
    "object": _make_object,
    "array": _make_array,
    "integer": _make_integer,
    "number": _make_number,
    "string": _make_string,
    "boolean": lambda schema, root, inside: False,
    "null": lambda schema, root, inside: None,
}
