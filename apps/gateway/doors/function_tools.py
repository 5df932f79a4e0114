"""What a function is that a model may call, as every endpoint of OpenAI's describes it."""

from typing import Any

from apps.gateway.contracts import ToolSpec
from apps.gateway.doors.body import schema_of
from apps.gateway.doors.checks import boolean, optional, required, text


def read_function(function: dict[str, Any], param: str) -> ToolSpec:
    """The tool that the object at `param` describes. Raises Refusal."""
    parameters = function.get("parameters")
    if parameters is None:
        parameters = {"type": "object", "properties": {}}
    return ToolSpec(
        name=text(required(function, "name", f"{param}.name"), f"{param}.name"),
        description=text(function.get("description") or "", f"{param}.description"),
        parameters=schema_of(parameters, f"{param}.parameters"),
        strict=optional(function, "strict", boolean),
    )
