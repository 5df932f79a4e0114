"""Tool calls in words: whatever the schema allows can be read back."""

import json
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from apps.gateway.contracts import CompletionRequest, Message, ToolSpec, Usage
from apps.gateway.providers.emulation import answer_schema, instructions, read_calls
from apps.gateway.providers.grammar_schema import bounded_schema
from tests.provider.instances import make_instance

USAGE = Usage(prompt_tokens=1, completion_tokens=1)
NAMES = st.text("abcdefgh_", min_size=1, max_size=8)


def _objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(NAMES, inner, max_size=3).flatmap(
        lambda properties: st.lists(
            st.sampled_from(sorted(properties)) if properties else st.nothing(), unique=True
        ).map(lambda required: {"type": "object", "properties": properties, "required": required})
    )


SCALARS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({"type": "boolean"}),
    st.builds(lambda low: {"type": "integer", "minimum": low}, st.integers(-5, 5)),
    st.builds(lambda most: {"type": "string", "maxLength": most}, st.integers(0, 900)),
    st.just({"type": "string"}),
    st.just({"enum": ["a", "b"]}),
    st.just({"const": 7}),
    st.just({}),
)
SCHEMAS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        _objects(inner),
        st.builds(
            lambda items, least: {"type": "array", "items": items, "minItems": least},
            inner,
            st.integers(0, 3),
        ),
        st.builds(lambda one, two: {"anyOf": [one, two]}, inner, inner),
    ),
    max_leaves=8,
)
TOOLS = st.lists(
    st.builds(
        lambda name, parameters: ToolSpec(name=name, description="d", parameters=parameters),
        NAMES,
        _objects(SCHEMAS),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda tool: tool.name,
)
REQUESTS = st.builds(
    lambda tools, choice, least: CompletionRequest(
        messages=(Message(role="user", content="Hi"),),
        tools=tuple(tools),
        tool_choice=choice,
        min_tool_calls=least,
    ),
    TOOLS,
    st.sampled_from(["auto", "required"]),
    st.integers(1, 3),
)


@given(SCHEMAS, st.integers(16, 4096))
def test_an_instance_of_the_bounded_schema_satisfies_the_schema(
    schema: dict[str, Any], max_tokens: int
) -> None:
    bounded = bounded_schema(schema, max_tokens=max_tokens)
    jsonschema.Draft202012Validator.check_schema(bounded)
    instance = make_instance(bounded)
    jsonschema.validate(instance, bounded)
    jsonschema.validate(instance, schema)


@given(REQUESTS)
def test_calls_of_every_tool_are_read_back(request: CompletionRequest) -> None:
    schema = answer_schema(request, max_tokens=512)
    branch = schema if request.tool_choice == "required" else schema["anyOf"][0]
    options = branch["properties"]["calls"]["items"]["anyOf"]
    calls = [make_instance(options[n % len(options)]) for n in range(request.min_tool_calls)]
    answer = {"calls": calls}
    jsonschema.validate(answer, schema)
    text, uses = read_calls(json.dumps(answer), request, usage=USAGE)
    assert text == ""
    assert [use.name for use in uses] == [call["tool"] for call in calls]
    assert [use.arguments for use in uses] == [call["arguments"] for call in calls]
    assert len({use.id for use in uses}) == len(uses)
    parameters = {tool.name: tool.parameters for tool in request.tools}
    for use in uses:
        jsonschema.validate(use.arguments, parameters[use.name])


@given(REQUESTS, st.text(min_size=1))
def test_an_answer_is_allowed_unless_tools_are_required(
    request: CompletionRequest, said: str
) -> None:
    schema = answer_schema(request, max_tokens=512)
    is_allowed = jsonschema.Draft202012Validator(schema).is_valid({"answer": said[:24]})
    assert is_allowed is (request.tool_choice == "auto")


@given(REQUESTS)
def test_every_tool_is_named_in_the_instructions(request: CompletionRequest) -> None:
    told = instructions(request)
    assert all(f"- {tool.name}: " in told for tool in request.tools)
