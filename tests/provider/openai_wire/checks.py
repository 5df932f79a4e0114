"""The rules that OpenAI sets for a chat completion request."""

from collections.abc import Callable
from typing import Any

from tests.provider.behaviour import Behaviour
from tests.provider.checks import TOOL_NAME, is_count, is_number, refuse_unless
from tests.provider.contract import request_parameters
from tests.provider.openai_wire.conversation import check_messages
from tests.provider.schemas import check_openai_root, check_openai_strict
from tests.provider.tokens import count_value

Body = dict[str, Any]
KNOWN = request_parameters("/chat/completions") | {"n", "stream"}
BOUNDS: dict[str, Callable[[Any], bool]] = {
    "temperature": lambda value: is_number(value, 0, 2),
    "top_p": lambda value: is_number(value, 0, 1),
    "n": lambda value: is_count(value, 1, 128),
    "max_tokens": is_count,
    "max_completion_tokens": is_count,
    "stream": lambda value: isinstance(value, bool),
    "stop": lambda value: (
        isinstance(value, str) or (isinstance(value, list) and 0 < len(value) <= 4)
    ),
}


def check_chat(body: Body, behaviour: Behaviour) -> None:
    """Raises Refusal for a request that OpenAI would not take."""
    check_messages(body.get("messages"))
    _check_parameters(body, behaviour)
    _check_tools(body, behaviour)
    _check_format(body, behaviour)


def _check_parameters(body: Body, behaviour: Behaviour) -> None:
    unknown = sorted(body.keys() - KNOWN)
    refuse_unless(
        behaviour.is_lenient or not unknown,
        f"Unrecognized request argument supplied: {', '.join(unknown)}",
    )
    for name, is_right in BOUNDS.items():
        refuse_unless(
            body.get(name) is None or is_right(body[name]),
            f"Invalid value for '{name}': {body.get(name)!r}.",
            param=name,
            code="invalid_value",
        )
    refuse_unless(
        body.get("max_tokens") is None or body.get("max_completion_tokens") is None,
        "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
    )
    refuse_unless(
        not body.get("stream_options") or body.get("stream") is True,
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        param="stream_options",
    )
    if behaviour.is_reasoning:
        _check_reasoning(body)


def _check_reasoning(body: Body) -> None:
    refuse_unless(
        body.get("max_tokens") is None,
        "Unsupported parameter: 'max_tokens' is not supported with this model. "
        "Use 'max_completion_tokens' instead.",
        param="max_tokens",
        code="unsupported_parameter",
    )
    refuse_unless(
        body.get("temperature") in (None, 1),
        "Unsupported value: 'temperature' does not support this value with this model. "
        "Only the default (1) value is supported.",
        param="temperature",
        code="unsupported_value",
    )


def _check_tools(body: Body, behaviour: Behaviour) -> None:
    tools = body.get("tools")
    if tools is None:
        for name in ("tool_choice", "parallel_tool_calls"):
            refuse_unless(
                body.get(name) is None or body.get(name) == "none",
                f"Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified.",
                param=name,
            )
        return
    refuse_unless(
        isinstance(tools, list) and bool(tools),
        "Invalid 'tools': empty array. Expected an array with minimum length 1.",
        param="tools",
        code="empty_array",
    )
    for index, tool in enumerate(tools):
        _check_tool(tool, f"tools[{index}].function", is_lenient=behaviour.is_lenient)
    _check_choice(body.get("tool_choice"), {tool["function"]["name"] for tool in tools})


def _check_tool(tool: Any, param: str, *, is_lenient: bool) -> None:
    function = tool.get("function") if isinstance(tool, dict) else None
    if not isinstance(function, dict) or tool.get("type") != "function":
        function = {}
    name, parameters = function.get("name"), function.get("parameters", {})
    refuse_unless(
        isinstance(name, str) and TOOL_NAME.fullmatch(name) is not None,
        f"Invalid '{param}.name': string does not match pattern '^[a-zA-Z0-9_-]+$'.",
        param=f"{param}.name",
        code="invalid_value",
    )
    wrong = None
    if not isinstance(parameters, dict) or (parameters and parameters.get("type") != "object"):
        wrong = "schema must be a JSON Schema of 'type: \"object\"'."
    elif function.get("strict") and not is_lenient:
        wrong = check_openai_strict(parameters)
    refuse_unless(
        wrong is None,
        f"Invalid schema for function '{name}': {wrong}",
        param=f"{param}.parameters",
        code="invalid_function_parameters",
    )


def _check_choice(choice: Any, names: set[str]) -> None:
    if isinstance(choice, dict):
        name = (choice.get("function") or {}).get("name")
        refuse_unless(
            name in names,
            f"Invalid value for 'tool_choice': no function named '{name}' was specified in the "
            "'tools' parameter.",
            param="tool_choice",
        )
        return
    refuse_unless(
        choice in (None, "auto", "none", "required"),
        f"Invalid value: '{choice}'. Supported values are: 'none', 'auto', and 'required'.",
        param="tool_choice",
        code="invalid_value",
    )


def _check_format(body: Body, behaviour: Behaviour) -> None:
    wanted = body.get("response_format")
    if wanted is None:
        return
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    refuse_unless(
        kind in ("text", "json_object", "json_schema"),
        f"Invalid value: '{kind}'. Supported values are: 'json_object', 'json_schema', and 'text'.",
        param="response_format.type",
        code="invalid_value",
    )
    if kind == "json_object":
        is_said = any("json" in str(message.get("content")).lower() for message in body["messages"])
        refuse_unless(
            is_said,
            "'messages' must contain the word 'json' in some form, to use 'response_format' of "
            "type 'json_object'.",
            param="messages",
        )
    if kind == "json_schema":
        _check_json_schema(wanted.get("json_schema"), is_lenient=behaviour.is_lenient)


def _check_json_schema(wanted: Any, *, is_lenient: bool) -> None:
    name = wanted.get("name") if isinstance(wanted, dict) else None
    refuse_unless(
        isinstance(name, str) and TOOL_NAME.fullmatch(name) is not None,
        "Missing required parameter: 'response_format.json_schema.name'.",
        param="response_format.json_schema.name",
        code="missing_required_parameter",
    )
    schema = wanted.get("schema", {})
    wrong = None
    if not is_lenient:
        wrong = check_openai_strict(schema) if wanted.get("strict") else check_openai_root(schema)
    refuse_unless(
        isinstance(schema, dict) and wrong is None,
        f"Invalid schema for response_format '{name}': {wrong}",
        param="response_format",
        code="invalid_request_error",
    )


def count_extras(body: Body) -> int:
    """The prompt tokens of tools and of the wanted format."""
    return sum(count_value(body.get(name)) for name in ("tools", "response_format"))
