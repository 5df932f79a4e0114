"""What the library's own, slower check says of a schema, the quicker one says too."""

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from agentplatform.core.metaschema import find_metaschema_breach

_META = Draft202012Validator.META_SCHEMA
WORDS = [
    "$id", "$schema", "$ref", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary", "$comment",
    "$defs", "prefixItems", "items", "contains", "additionalProperties", "properties",
    "patternProperties", "dependentSchemas", "propertyNames", "if", "then", "else", "allOf",
    "anyOf", "oneOf", "not", "unevaluatedItems", "unevaluatedProperties", "type", "const", "enum",
    "multipleOf", "maximum", "exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems",
    "uniqueItems", "minContains", "maxProperties", "required", "dependentRequired", "title",
    "default", "deprecated", "readOnly", "examples", "format", "contentEncoding", "contentSchema",
    "definitions", "dependencies", "$recursiveAnchor", "$recursiveRef", "x-mine",
]  # fmt: skip
LEAVES = st.one_of(
    st.sampled_from(
        ["object", "string", "a[", "a", "#/$defs/a", "http://a b", "not:a uri", "", "integer"]
    ),
    st.integers(-2, 3),
    st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.booleans(),
    st.none(),
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([*WORDS, "a", "b"]), inner, max_size=4),
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(schema=st.dictionaries(st.sampled_from(WORDS), SCHEMAS, max_size=4))
@example(schema={"$id": 1})
@example(schema={"$dynamicRef": 1})
@example(schema={"pattern": "a["})
@example(schema={"properties": {"a": {"items": {"anyOf": [{"minLength": -1}]}}}})
def test_both_take_and_refuse_the_same_schemas(schema: dict[str, Any]) -> None:
    assert (find_metaschema_breach(schema) is None) == _takes(schema)


def test_every_word_of_the_standard_is_tried() -> None:
    assert set(_META["properties"]) < set(WORDS)


def _takes(schema: dict[str, Any]) -> bool:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError:
        return False
    return True
