"""Our schemas for Anthropic are those of its own SDK."""

from typing import Any

from anthropic import transform_schema
from hypothesis import given
from hypothesis import strategies as st

from apps.gateway.providers.anthropic_schema import enforced_schema

WORDS = st.sampled_from(["a", "b", "date", "uuid", "regex", ""])
PLAIN = st.none() | st.booleans() | st.integers(-3, 3) | WORDS
EXTRAS = {
    "description": WORDS,
    "title": WORDS,
    "minimum": st.integers(0, 3),
    "minItems": st.integers(0, 3),
    "maxLength": st.integers(0, 9),
    "format": WORDS,
    "enum": st.lists(PLAIN | st.lists(PLAIN, max_size=1), max_size=3),
    "const": PLAIN | st.lists(PLAIN, max_size=1),
    "default": PLAIN,
    "additionalProperties": st.booleans(),
    "required": st.lists(WORDS, max_size=2),
    "$ref": st.just("#/$defs/a"),
}
KINDS = st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"])


def _nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    parts = {
        "type": KINDS | st.just(["string", "null"]),
        "properties": st.dictionaries(WORDS, inner, max_size=2),
        "items": inner,
        "anyOf": st.lists(inner, min_size=1, max_size=2),
        "oneOf": st.lists(inner, min_size=1, max_size=2),
        "allOf": st.lists(inner, min_size=1, max_size=2),
        "$defs": st.dictionaries(WORDS, inner, max_size=1),
    }
    return st.fixed_dictionaries({}, optional={**EXTRAS, **parts})


SCHEMAS = st.recursive(st.fixed_dictionaries({"type": KINDS}, optional=EXTRAS), _nested)


def _outcome(make: Any, schema: dict[str, Any]) -> Any:
    try:
        return make(schema)
    except (ValueError, TypeError, AttributeError, AssertionError):
        return "nothing can be enforced"


@given(SCHEMAS)
def test_a_schema_is_made_as_the_sdk_makes_it(schema: dict[str, Any]) -> None:
    assert _outcome(enforced_schema, schema) == _outcome(transform_schema, schema)
