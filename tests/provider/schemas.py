"""What the real providers demand of a schema before they promise to obey it."""

from collections.abc import Iterator
from typing import Any

OPENAI_UNSUPPORTED = (
    "allOf", "not", "dependentRequired", "dependentSchemas", "if", "then", "else", "oneOf",
)  # fmt: skip
ANTHROPIC_UNSUPPORTED = {
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "string": ("minLength", "maxLength"),
    "array": ("maxItems", "uniqueItems"),
}


def check_openai_root(schema: dict[str, Any]) -> str | None:
    """What is wrong with the outermost schema, strict or not, or None."""
    kind = schema.get("type")
    if kind != "object" or "anyOf" in schema:
        return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
    return None


def check_openai_strict(schema: dict[str, Any]) -> str | None:
    """What breaks the rules of OpenAI's strict mode, or None."""
    wrong = check_openai_root(schema)
    if wrong is not None:
        return wrong
    for path, part in _walk(schema):
        context = f"In context={path}, "
        unsupported = [word for word in OPENAI_UNSUPPORTED if word in part]
        if unsupported:
            return f"{context}'{unsupported[0]}' is not permitted."
        if not _is_object(part):
            continue
        if part.get("additionalProperties") is not False:
            return f"{context}'additionalProperties' is required to be supplied and to be false."
        missing = sorted(part.get("properties", {}).keys() - set(part.get("required", ())))
        if missing:
            return (
                f"{context}'required' is required to be supplied and to be an array including "
                f"every key in properties. Missing '{missing[0]}'."
            )
    return None


def check_anthropic_format(schema: dict[str, Any]) -> str | None:
    """What breaks the rules of Anthropic's structured outputs, or None."""
    for _, part in _walk(schema):
        if _is_object(part) and part.get("additionalProperties") is not False:
            return "For 'object' type, 'additionalProperties' must be explicitly set to false"
        for kind in _types(part):
            for word in ANTHROPIC_UNSUPPORTED.get(kind, ()):
                if word in part:
                    return f"For '{kind}' type, property '{word}' is not supported"
        if part.get("minItems", 0) not in (0, 1):
            return "For 'array' type, 'minItems' values other than 0 or 1 are not supported"
    return None


def _types(part: dict[str, Any]) -> list[str]:
    declared = part.get("type", [])
    return declared if isinstance(declared, list) else [declared]


def _is_object(part: dict[str, Any]) -> bool:
    return "object" in _types(part)


def _walk(
    schema: Any, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    if not isinstance(schema, dict):
        return
    yield path, schema
    for keyword in ("properties", "$defs", "definitions"):
        for name, part in schema.get(keyword, {}).items():
            yield from _walk(part, (*path, keyword, name))
    for keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for index, part in enumerate(schema.get(keyword, ())):
            yield from _walk(part, (*path, keyword, str(index)))
    yield from _walk(schema.get("items"), (*path, "items"))
