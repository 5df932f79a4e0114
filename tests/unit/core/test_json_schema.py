"""Schemas that nobody vouches for."""

import socket
import time
from itertools import pairwise
from typing import Any

import pytest

from agentplatform.core import json_schema
from agentplatform.core.json_schema import find_mismatch, find_mismatches, find_schema_problem


def doubling(levels: int) -> dict[str, Any]:
    """A schema whose references double at each level."""
    names = [f"l{level}" for level in range(levels)]
    definitions: dict[str, Any] = {
        name: {"allOf": [{"$ref": f"#/$defs/{below}"}] * 2} for name, below in pairwise(names)
    }
    return {"$ref": "#/$defs/l0", "$defs": {**definitions, names[-1]: {"type": "integer"}}}


def test_mismatches_name_their_places() -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}, "list": {"items": {"maxLength": 2}}},
        "required": ["m"],
    }
    found = {m.path: m.message for m in find_mismatches({"n": "x", "list": ["a", "abc"]}, schema)}
    assert set(found) == {"", "n", "list.1"}
    assert find_mismatches({"m": 1}, schema) == []


def test_a_mismatch_is_a_sentence_with_its_place() -> None:
    inside = find_mismatch({"a": [1]}, {"properties": {"a": {"items": {"type": "string"}}}})
    itself = find_mismatch(1, {"type": "string"})
    assert inside is not None
    assert itself is not None
    assert inside.under() == "a[0]: 1 is not of type 'string'"
    assert [itself.under(), itself.under("x")] == [
        "1 is not of type 'string'",
        "x: 1 is not of type 'string'",
    ]


def shape(kind: str, **properties: Any) -> dict[str, Any]:
    properties["kind"] = {"const": kind}
    return {"type": "object", "properties": properties, "required": list(properties)}


SHAPES = [shape("circle", radius={"type": "number"}), shape("square", side={"type": "number"})]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"kind": "circle"}, "x[0]: 'radius' is a required property"),
        ({"kind": "square", "side": "a"}, "x[0].side: 'a' is not of type 'number'"),
        ({"kind": "line"}, "x[0].kind: 'line' is none of circle, square"),
        ({"radius": 1, "side": 1}, "x[0]: 'kind' is a required property"),
        ("square", "x[0]: 'square' is not of type 'object'; or 'a name' was expected"),
        (5, "x[0]: 5 is not of type 'object'"),
    ],
)
def test_of_alternatives_the_one_that_is_meant_is_explained(value: Any, sentence: str) -> None:
    choices = [*SHAPES, {"type": "null"}]
    if isinstance(value, str):
        choices = [SHAPES[0], {"const": "a name"}]
    mismatch = find_mismatch([value], {"type": "array", "items": {"anyOf": choices}})
    assert mismatch is not None
    assert mismatch.under("x") == sentence


def test_an_unknown_name_is_told_the_known_ones() -> None:
    schema = {"properties": {"a": {}, "b": {}}, "additionalProperties": False}
    mismatch = find_mismatch({"c": 1}, schema)
    assert mismatch is not None
    assert mismatch.message.endswith("('c' was unexpected); there are a, b")


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        (5, "object"),
        ({"type": "nothing"}, "nothing"),
        ({"$ref": "http://127.0.0.1:9/x"}, "leaves the schema"),
        ({"properties": {"a": {"$ref": "other.json"}}}, "leaves the schema"),
        ({"$ref": "#/$defs/missing"}, "points to nothing"),
        ({"pattern": "(["}, "regex"),
        ({"patternProperties": {"a": {}}}, "not supported"),
        ({"$defs": {"a": {"$anchor": "a"}}}, "not supported"),
        ({"$ref": "#a", "$defs": {"a": {"$anchor": "a"}}}, "names an anchor"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_in_a_sentence(schema: Any, says: str) -> None:
    problem = find_schema_problem(schema)
    assert problem is not None
    assert says in problem


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "string", "pattern": "^a+$"}}},
        {"type": "object", "properties": {"child": {"$ref": "#"}, "$anchor": {}}},
        {"enum": ["$ref", {"$ref": "http://example.org"}]},
    ],
)
def test_a_schema_that_can_be_used_passes(schema: dict[str, Any]) -> None:
    assert find_schema_problem(schema) is None


def test_nothing_is_ever_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/schema"
        assert find_mismatch({}, {"$ref": address}) is not None
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ("a" * 40 + "!", {"pattern": "^(a+)+$"}),
        (1, {"$ref": "#"}),
        (1, doubling(40)),
        ({"a": 1}, {"patternProperties": {"(a+)+$": {}}}),
    ],
)
def test_a_schema_made_to_hang_is_a_mismatch_within_seconds(value: Any, schema: Any) -> None:
    started = time.monotonic()
    assert find_mismatch(value, schema) is not None
    assert time.monotonic() - started < 30


def test_the_number_of_mismatches_is_bounded() -> None:
    assert len(find_mismatches(["x"] * 1000, {"items": {"type": "integer"}})) == 50


@pytest.mark.parametrize(
    ("items", "is_unique"),
    [
        ([1, True, "1", [1], [True], 1.5, None], True),
        ([{"a": 1, "b": 2}, {"b": 2.0, "a": 1}], False),
        ([[1, 2], [1, 2]], False),
        ([{"n": n} for n in range(50_000)], True),
    ],
)
def test_items_are_unique_as_json_has_it_however_many(items: list[Any], is_unique: bool) -> None:
    assert (find_mismatches(items, {"uniqueItems": True}) == []) is is_unique


@pytest.mark.parametrize(
    "schema",
    [
        {"items": {"allOf": [{"minimum": -n} for n in range(50)]}},
        {"items": {"enum": list(range(50))}},
    ],
)
def test_a_schema_that_takes_too_many_checks_of_a_value_is_a_mismatch(
    schema: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_schema, "MAX_CHECKS", 1000)
    assert find_mismatches([1] * 5, schema) == []
    (mismatch,) = find_mismatches([1] * 30, schema)
    assert "more than 1000 checks" in mismatch.message
