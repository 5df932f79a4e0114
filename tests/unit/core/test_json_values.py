"""What a model or a tool has said, as the database and every library can take it."""

from typing import Any

import ormsgpack
import pytest
from pydantic import BaseModel

from agentplatform.core.json_values import MAX_DEPTH, clean_json


class Holder(BaseModel):
    value: Any


def nested(depth: int) -> Any:
    value: Any = "end"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a\x00b\ud800", "ab\ufffd"),
        ({"a\x00": [float("nan"), float("inf"), 1.5]}, {"a": [None, None, 1.5]}),
        (10**400, 10**400),
        ((True, None, {1: b"x"}), [True, None, {"1": "b'x'"}]),
    ],
)
def test_what_cannot_be_stored_is_replaced(said: Any, kept: Any) -> None:
    assert clean_json(said) == kept


def test_what_is_nested_too_deep_is_left_out() -> None:
    assert clean_json(nested(MAX_DEPTH)) == nested(MAX_DEPTH)
    deepest = clean_json(nested(100_000))
    for _ in range(MAX_DEPTH - 1):
        (deepest,) = deepest
    assert deepest == [None]


@pytest.mark.parametrize("said", [nested(100_000), "\ud800"])
def test_what_was_cleaned_goes_through_pydantic_and_msgpack(said: Any) -> None:
    cleaned = clean_json(said)
    assert Holder(value=cleaned).model_dump(mode="json") == {"value": cleaned}
    wrapped = {"a": {"b": [{"c": cleaned}]}}
    assert ormsgpack.unpackb(ormsgpack.packb(wrapped)) == wrapped
