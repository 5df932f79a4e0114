"""The smallest instance of a schema satisfies the schema."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from tests.provider.instances import Unsatisfiable, make_instance

SCHEMAS: dict[str, tuple[dict[str, Any] | bool, Any]] = {
    "anything": ({}, None),
    "true": (True, None),
    "const": ({"const": 0}, 0),
    "enum": ({"enum": ["b", "a"]}, "b"),
    "default": ({"type": "string", "default": "x"}, "x"),
    "example": ({"type": "string", "examples": ["x"]}, "x"),
    "type list": ({"type": ["string", "null"]}, ""),
    "length": ({"type": "string", "minLength": 3}, "aaa"),
    "format": ({"type": "string", "format": "date"}, "2026-01-01"),
    "above": ({"type": "integer", "exclusiveMinimum": 3}, 4),
    "below": ({"type": "integer", "maximum": -3}, -3),
    "multiple": ({"type": "integer", "minimum": 7, "multipleOf": 5}, 10),
    "between": ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
    "items": ({"type": "array", "items": {"type": "boolean"}, "minItems": 2}, [False, False]),
    "tuple": ({"type": "array", "prefixItems": [{"const": 1}], "minItems": 2}, [1, None]),
    "required only": (
        {"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"]},
        {"a": 0},
    ),
    "first branch": ({"anyOf": [{"type": "string"}, {"type": "null"}]}, ""),
    "branch with the rest": (
        {
            "type": "object",
            "properties": {"k": {"type": "string"}},
            "required": ["k"],
            "oneOf": [{"properties": {"n": {"const": 1}}, "required": ["n"]}],
        },
        {"k": "", "n": 1},
    ),
    "all": ({"allOf": [{"type": "string"}, {"minLength": 1}]}, "a"),
    "reference": ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "integer", "minimum": 2}}}, 2),
    "deep first branch": (
        {"anyOf": [{"type": "array", "items": {"const": [[[1]]]}, "minItems": 1}, {"const": 2}]},
        [[[[1]]]],
    ),
    "recursive": (
        {
            "type": "object",
            "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
            "required": ["next"],
        },
        {"next": None},
    ),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_instance_is_the_smallest(name: str) -> None:
    schema, wanted = SCHEMAS[name]
    assert make_instance(schema) == wanted
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(make_instance(schema))


@pytest.mark.parametrize("schema", [False, {"$ref": "#"}, {"anyOf": [False]}])
def test_what_accepts_nothing_is_an_error(schema: dict[str, Any] | bool) -> None:
    with pytest.raises(Unsatisfiable):
        make_instance(schema)


LEAVES = st.one_of(
    st.builds(lambda low: {"type": "string", "minLength": low}, st.integers(0, 5)),
    st.builds(lambda low: {"type": "integer", "minimum": low}, st.integers(-9, 9)),
    st.builds(lambda high: {"type": "number", "maximum": high}, st.integers(-9, 9)),
    st.builds(lambda low: {"type": "number", "exclusiveMinimum": low}, st.integers(-9, 9)),
    st.builds(lambda values: {"enum": values}, st.lists(st.integers(), min_size=1, max_size=3)),
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
)


def _nest(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    properties = st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)
    objects = st.builds(
        lambda made: {"type": "object", "properties": made, "required": sorted(made)}, properties
    )
    arrays = st.builds(
        lambda item, low: {"type": "array", "items": item, "minItems": low},
        inner,
        st.integers(0, 2),
    )
    choices = st.builds(lambda made: {"anyOf": made}, st.lists(inner, min_size=1, max_size=2))
    return objects | arrays | choices


@given(st.recursive(LEAVES, _nest, max_leaves=8))
def test_instance_satisfies_any_schema(schema: dict[str, Any]) -> None:
    Draft202012Validator(schema).validate(make_instance(schema))
