"""Which of its tools a request lets a model call, as every endpoint of OpenAI's says it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.gateway.contracts import ToolSpec
from apps.gateway.doors.checks import array, mapping, one_of, required, text, wrong_value

Tools = tuple[ToolSpec, ...]


@dataclass(frozen=True)
class ToolChoice:
    """`how` is auto, required or none; `tools` are those on offer, `name` the one that must be
    called."""

    how: str
    tools: Tools
    name: str | None = None


def read_named(function: dict[str, Any], param: str, tools: Tools) -> str:
    """The name of one of the tools. Raises Refusal."""
    where = f"{param}.name"
    name = text(required(function, "name", where), where)
    if name not in {tool.name for tool in tools}:
        raise wrong_value(where, f"there is no tool '{name[:100]}' among 'tools'.")
    return name


def read_allowed(
    value: dict[str, Any],
    param: str,
    tools: Tools,
    read: Callable[[dict[str, Any], str, Tools], str],
) -> ToolChoice:
    """The choice among some of the tools, each named as `read` reads it. Raises Refusal."""
    where = f"{param}.mode"
    how = one_of(required(value, "mode", where), where, ("auto", "required"))
    where = f"{param}.tools"
    names = {
        read(mapping(one, f"{where}[{at}]"), f"{where}[{at}]", tools)
        for at, one in enumerate(array(required(value, "tools", where), where))
    }
    if not names:
        raise wrong_value(where, "it is empty; name at least one tool, or send 'none'.")
    return ToolChoice(how, tuple(tool for tool in tools if tool.name in names))
