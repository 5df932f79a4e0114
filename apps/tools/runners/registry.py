"""The tools there are, and the check of what a caller wants from them."""

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from apps.tools.runners.browser.tool import BROWSER
from apps.tools.runners.code import CODE
from apps.tools.runners.http.tool import HTTP
from apps.tools.runners.work import Tool

TOOLS: dict[str, Tool] = {tool.description.name: tool for tool in (CODE, BROWSER, HTTP)}

_LONGEST_MESSAGE = 500


class InvalidArguments(Exception):
    """The tool is unknown or its arguments break its schema; `detail` says what to change."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def check_arguments(tool: str, arguments: dict[str, Any]) -> None:
    """Raises InvalidArguments unless `tool` exists and its schema accepts `arguments`."""
    if tool not in TOOLS:
        raise InvalidArguments(f"There is no tool {tool[:100]!r}. Tools: {', '.join(TOOLS)}.")
    schema = TOOLS[tool].description.parameters
    error = best_match(Draft202012Validator(schema).iter_errors(arguments))
    if error is not None:
        place = error.json_path.replace("$", "arguments", 1)
        raise InvalidArguments(f"{place}: {_shorten(error.message)}")


def _shorten(message: str) -> str:
    if len(message) <= _LONGEST_MESSAGE:
        return message
    half = _LONGEST_MESSAGE // 2
    return f"{message[:half]} ... {message[-half:]}"
