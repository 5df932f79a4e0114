import pytest
from jsonschema import Draft202012Validator

from apps.tools.facade import describe_tools
from apps.tools.runners.http.tool import is_repeatable
from apps.tools.runners.registry import TOOLS, InvalidArguments, check_arguments


@pytest.mark.parametrize("tool", describe_tools(tenant_id=None), ids=lambda tool: tool.name)
def test_every_tool_has_a_valid_schema_of_an_object(tool):
    Draft202012Validator.check_schema(tool.parameters)
    assert tool.parameters["type"] == "object"


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("code", {"program": "print(1)"}),
        ("code", {"program": "x", "input": None, "files": {"a.csv": "id"}}),
        ("code", {"program": "x", "files": {"a.csv": {"artifact_id": "id", "name": "a"}}}),
        ("browser", {}),
        ("browser", {"html": "<p>", "data": [1], "actions": [{"action": "pdf"}]}),
        ("http", {"url": "https://example.org"}),
    ],
)
def test_right_arguments_pass(tool, arguments):
    check_arguments(TOOLS[tool], arguments)


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        ("code", {}, "'program' is a required property"),
        ("code", {"program": 1}, "arguments.program: 1 is not of type 'string'"),
        ("code", {"program": "x", "language": "ruby"}, "arguments.language: 'ruby' is not one of"),
        ("code", {"program": "x", "shell": True}, "'shell' was unexpected"),
        (
            "browser",
            {"actions": [{"action": "click"}]},
            "arguments.actions[0]: 'selector' is a required property",
        ),
        (
            "browser",
            {"actions": [{"action": "tap"}]},
            "arguments.actions[0].action: 'tap' is none of goto, click, fill,",
        ),
        ("http", {"url": "x", "method": "TRACE"}, "arguments.method"),
    ],
)
def test_wrong_arguments_are_named(tool, arguments, expected):
    with pytest.raises(InvalidArguments) as refusal:
        check_arguments(TOOLS[tool], arguments)
    assert expected in refusal.value.detail


def test_a_long_value_does_not_make_a_long_message():
    with pytest.raises(InvalidArguments) as refusal:
        check_arguments(TOOLS["code"], {"program": ["x" * 100_000]})
    assert len(refusal.value.detail) < 1000


@pytest.mark.parametrize(
    ("method", "expected"), [("GET", True), ("PUT", True), ("POST", False), ("PATCH", False)]
)
def test_only_idempotent_requests_may_be_repeated(method, expected):
    assert is_repeatable({"method": method}) is expected
