"""JSON schemas as Anthropic enforces them, made as its own SDK makes them: that takes a second and
40 MB to import, for this."""

from typing import Any, Final

_FORMATS: Final = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)
_UNIONS: Final = (("anyOf", "anyOf"), ("oneOf", "anyOf"), ("allOf", "allOf"))
"""By name, the first that is there decides; Anthropic has no oneOf."""
_PLAIN: Final = (None, "boolean", "integer", "number", "null")


def enforced_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """What Anthropic can enforce of `schema`; the rest becomes words in the descriptions. Raises
    ValueError, TypeError or AttributeError for a schema of which it can enforce nothing."""
    left = dict(schema)
    made: dict[str, Any] = {}
    definitions = left.pop("$defs", None)
    if definitions is not None:
        made["$defs"] = {name: enforced_schema(one) for name, one in definitions.items()}
    if (reference := left.pop("$ref", None)) is not None:
        return {**made, "$ref": reference}
    kind = _move_kind(left, made)
    for name in ("description", "title"):
        if (words := left.pop(name, None)) is not None:
            made[name] = words
    _MOVES.get(kind, _move_nothing)(left, made)
    if left:
        rest = ", ".join(f"{name}: {value}" for name, value in left.items())
        said = made.get("description")
        made["description"] = (f"{said}\n\n" if said is not None else "") + "{" + rest + "}"
    return made


def _move_kind(left: dict[str, Any], made: dict[str, Any]) -> Any:
    """Move the type, the union or the values that are allowed. The type; None for values."""
    kind = left.pop("type", None)
    unions = [(to, left.pop(name, None)) for name, to in _UNIONS]
    values = left.get("enum")
    if isinstance(values, list) and values and all(map(_is_primitive, values)):
        made["enum"] = list(left.pop("enum"))
    if "const" in left and _is_primitive(left["const"]):
        made["const"] = left.pop("const")
    is_valued = "enum" in made or "const" in made
    for to, variants in unions:
        if isinstance(variants, list):
            made[to] = [enforced_schema(one) for one in variants]
            return None if is_valued else _known(kind)
    if is_valued:
        return None
    if kind is None:
        raise ValueError("Anthropic enforces no schema without a type, a union or values.")
    made["type"] = kind
    return _known(kind)


def _move_object(left: dict[str, Any], made: dict[str, Any]) -> None:
    properties = left.pop("properties", {})
    made["properties"] = {name: enforced_schema(one) for name, one in properties.items()}
    left.pop("additionalProperties", None)
    made["additionalProperties"] = False
    if (required := left.pop("required", None)) is not None:
        made["required"] = required


def _move_array(left: dict[str, Any], made: dict[str, Any]) -> None:
    if (items := left.pop("items", None)) is not None:
        made["items"] = enforced_schema(items)
    least = left.pop("minItems", None)
    if least in (0, 1):
        made["minItems"] = least
    elif least is not None:
        left["minItems"] = least


def _move_string(left: dict[str, Any], made: dict[str, Any]) -> None:
    form = left.pop("format", None)
    if form in _FORMATS:
        made["format"] = form
    elif form:
        left["format"] = form


def _move_nothing(left: dict[str, Any], made: dict[str, Any]) -> None:
    """Of the other types all that is left becomes words."""


_MOVES: Final = {"object": _move_object, "array": _move_array, "string": _move_string}


def _known(kind: Any) -> Any:
    if kind in (*_PLAIN, *_MOVES):
        return kind
    raise ValueError(f"Anthropic enforces no schema of type {kind!r}.")


def _is_primitive(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
