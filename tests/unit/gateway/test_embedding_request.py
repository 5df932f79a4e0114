"""What POST /v1/embeddings takes, and in which words it refuses the rest."""

import json
from typing import Any

import pytest

from apps.gateway.doors.body import Bounds
from apps.gateway.doors.embedding_request import read_embedding
from apps.gateway.doors.refusals import Refusal

STRICT = Bounds(image_bytes=1000, passes_unknown=False)
LENIENT = Bounds(image_bytes=1000, passes_unknown=True)


def body(**change: Any) -> bytes:
    return json.dumps({"model": "m", "input": "Hello."} | change).encode()


@pytest.mark.parametrize(
    ("given", "inputs"),
    [
        ("Hi.", ("Hi.",)),
        (["Hi.", "Ho."], ("Hi.", "Ho.")),
        ([1, 2, 3], ([1, 2, 3],)),
        ([[1, 2], [3]], ([1, 2], [3])),
    ],
    ids=["text", "texts", "ids", "lists of ids"],
)
def test_every_form_of_input_is_taken(given: Any, inputs: Any) -> None:
    request = read_embedding(body(input=given), bounds=STRICT)
    assert request.inputs == inputs
    assert not request.is_packed
    assert request.bound_tokens >= len(inputs)


def test_token_ids_are_counted_exactly() -> None:
    assert read_embedding(body(input=[[1, 2], [3]]), bounds=STRICT).bound_tokens == 3


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no model": ({"model": None}, "model", "Missing required parameter"),
    "the default model": ({"model": "default"}, "model", "name one that embeds"),
    "no input": ({"input": None}, "input", "Missing required parameter"),
    "empty text": ({"input": ""}, "input", "it is empty"),
    "empty list": ({"input": []}, "input", "at least one input"),
    "an empty text among others": ({"input": ["a", ""]}, "input[1]", "it is empty"),
    "an empty list of ids": ({"input": [[1], []]}, "input[1]", "at least one"),
    "texts and ids mixed": ({"input": ["a", 1]}, "input[1]", "expected a string"),
    "ids and texts mixed": ({"input": [1, "a"]}, "input[0]", "expected an array of token ids"),
    "an id that is none": ({"input": [[1, -1]]}, "input[0]", "token ids"),
    "booleans": ({"input": [True]}, "input[0]", "expected an array of token ids"),
    "another type": ({"input": {"text": "a"}}, "input", "but got an object"),
    "too many": ({"input": ["a"] * 2049}, "input", "2049 items, at most 2048"),
    "unknown format": ({"encoding_format": "int8"}, "encoding_format", "'int8' is none of"),
    "no dimensions": ({"dimensions": 0}, "dimensions", "0 is less than 1"),
    "user of another type": ({"user": 5}, "user", "expected a string"),
    "unknown parameter": ({"input_type": "query"}, "input_type", "Unknown parameter"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_request_is_refused_with_the_parameter_and_what_to_change(name: str) -> None:
    change, param, message = WRONG[name]
    with pytest.raises(Refusal) as refused:
        read_embedding(body(**change), bounds=STRICT)
    assert refused.value.param == param
    assert message in refused.value.message
    assert refused.value.meaning.status == 400


def test_unknown_parameters_are_passed_on_where_the_operator_says_so() -> None:
    request = read_embedding(body(input_type="query", user="u1"), bounds=LENIENT)
    assert request.options == {"input_type": "query", "user": "u1"}
