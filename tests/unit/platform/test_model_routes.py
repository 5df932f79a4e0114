"""MODEL_ROUTES is read whole or refused with the name of what is wrong."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from agentplatform.settings.environment import Environment
from agentplatform.settings.model_routes import Route, parse_routes


def test_a_route_is_a_list_or_an_object_of_lists() -> None:
    given = {
        "fast": ["openai:gpt-4o-mini", "local:qwen:0.5b"],
        "smart": {
            "targets": ["anthropic:claude-sonnet-4-5"],
            "on_context_window": ["openai:gpt-4.1"],
            "on_content_filter": ["openai:gpt-4o"],
        },
    }
    assert parse_routes(json.dumps(given)) == {
        "fast": Route(targets=("openai:gpt-4o-mini", "local:qwen:0.5b")),
        "smart": Route(
            targets=("anthropic:claude-sonnet-4-5",),
            on_context_window=("openai:gpt-4.1",),
            on_content_filter=("openai:gpt-4o",),
        ),
    }


def test_nothing_given_is_no_route() -> None:
    assert parse_routes(" ") == {}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "write a JSON object"),
        ({"a:b": ["openai:x"]}, "route 'a:b', alias: Use 1 to 63"),
        ({"A": ["openai:x"]}, "route 'A', alias"),
        ({"a": []}, "route 'a', targets: Name at least one model"),
        ({"a": {"on_context_window": ["openai:x"]}}, "route 'a', targets: Name at least one"),
        ({"a": "openai:x"}, "Give a list of models"),
        ({"a": 7}, "Give a list of models"),
        ({"a": ["acme:x"]}, "'acme:x' is no model"),
        ({"a": ["openai:"]}, "'openai:' is no model"),
        ({"a": [7]}, "7 is no model"),
        ({"a": ["b"], "b": ["openai:x"]}, "'b' is no model"),
        ({"a": ["openai:x", "openai:x"]}, "Name each model once"),
        ({"a": [f"openai:{n}" for n in range(11)]}, "Name up to 10 models"),
        ({"a": {"targets": ["openai:x"], "on_timeout": []}}, "There is no on_timeout"),
        ({"a": {"targets": ["openai:x"], "on_content_filter": ["x"]}}, "on_content_filter: 'x'"),
    ],
)
def test_what_is_wrong_is_named(given: Any, told: str) -> None:
    text = given if isinstance(given, str) else json.dumps(given)
    with pytest.raises(ValidationError, match="model_routes") as error:
        Environment(model_routes=text)
    assert told in str(error.value)
