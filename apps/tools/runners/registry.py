"""The tools that every tenant has, and the check of what a caller wants from a tool."""

from typing import Any

from agentplatform.core.json_schema import find_mismatch
from apps.tools.runners.browser.tool import BROWSER
from apps.tools.runners.code import CODE
from apps.tools.runners.http.tool import HTTP
from apps.tools.runners.operator.installed import Installed
from apps.tools.runners.schema_errors import explain_breach
from apps.tools.runners.work import Tool

TOOLS: dict[str, Tool] = {tool.description.name: tool for tool in (CODE, BROWSER, HTTP)}
INSTALLED = Installed(frozenset(TOOLS))

_LONGEST_MESSAGE = 500


class InvalidArguments(Exception):
    """The tool is unknown or its arguments break its schema; `detail` says what to change."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def check_arguments(tool: Tool, arguments: dict[str, Any]) -> None:
    """Raises InvalidArguments unless the tool's schema accepts `arguments`."""
    found = _find_breach(tool, arguments)
    if found is not None:
        place, message = found
        raise InvalidArguments(f"arguments{place}: {_shorten(message)}")


def _find_breach(tool: Tool, arguments: dict[str, Any]) -> tuple[str, str] | None:
    schema = tool.description.parameters
    if tool.description.source == "built-in":
        return explain_breach(schema, arguments)
    mismatch = find_mismatch(arguments, schema)
    if mismatch is None:
        return None
    return mismatch.path and f".{mismatch.path}", mismatch.message


def _shorten(message: str) -> str:
    if len(message) <= _LONGEST_MESSAGE:
        return message
    half = _LONGEST_MESSAGE // 2
    return f"{message[:half]} ... {message[-half:]}"
