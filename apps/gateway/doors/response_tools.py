"""The tools of a responses request."""

from typing import Any, Final

from apps.gateway.contracts import ToolSpec
from apps.gateway.doors.chat_request import MAX_TOOLS
from apps.gateway.doors.checks import (
    array,
    known_only,
    mapping,
    one_of,
    required,
    text,
    wrong_type,
    wrong_value,
)
from apps.gateway.doors.function_tools import read_function
from apps.gateway.doors.options import unsupported
from apps.gateway.doors.tool_choice import ToolChoice, read_allowed, read_named

_CHOICES: Final = ("none", "auto", "required")
_TOOL: Final = frozenset({
    "type", "name", "description", "parameters", "strict", "output_schema", "defer_loading",
    "allowed_callers",
})  # fmt: skip


def read_tools(value: Any) -> tuple[ToolSpec, ...]:
    """The tools of a request. Raises Refusal."""
    if value is None:
        return ()
    return tuple(
        _tool(mapping(tool, f"tools[{at}]"), f"tools[{at}]")
        for at, tool in enumerate(array(value, "tools", most=MAX_TOOLS))
    )


def _tool(tool: dict[str, Any], param: str) -> ToolSpec:
    kind = text(required(tool, "type", f"{param}.type"), f"{param}.type")
    if kind != "function":
        raise unsupported(
            f"{param}.type",
            f"the gateway has no '{kind[:100]}'; use tools of the type 'function'.",
        )
    known_only(tool, _TOOL, param)
    if tool.get("defer_loading"):
        raise unsupported(f"{param}.defer_loading", "there is no search for tools; send false.")
    return read_function(tool, param)


def read_tool_choice(value: Any, tools: tuple[ToolSpec, ...]) -> ToolChoice:
    """The choice among them. Raises Refusal."""
    if value is None:
        return ToolChoice("auto", tools)
    if isinstance(value, str):
        choice = one_of(value, "tool_choice", _CHOICES)
        if choice == "required" and not tools:
            raise wrong_value("tool_choice", "'required' is only allowed with 'tools'.")
        return ToolChoice(choice, tools)
    if not isinstance(value, dict):
        raise wrong_type("tool_choice", value, "a string or an object")
    if value.get("type") == "allowed_tools":
        return read_allowed(value, "tool_choice", tools, _named)
    return ToolChoice("required", tools, _named(value, "tool_choice", tools))


def _named(value: dict[str, Any], param: str, tools: tuple[ToolSpec, ...]) -> str:
    kind = text(required(value, "type", f"{param}.type"), f"{param}.type")
    if kind != "function":
        raise unsupported(
            f"{param}.type", "send 'auto', 'required', 'none', a 'function' or 'allowed_tools'."
        )
    return read_named(value, param, tools)
