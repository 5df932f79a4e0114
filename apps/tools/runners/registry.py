"""The tools that every tenant has, and the check of what a caller wants from a tool."""

from typing import Any

from agentplatform.core.json_schema import find_mismatch
from apps.tools.runners.browser.tool import BROWSER
from apps.tools.runners.code import CODE
from apps.tools.runners.http.tool import HTTP
from apps.tools.runners.operator.installed import Installed
from apps.tools.runners.work import Tool

TOOLS: dict[str, Tool] = {tool.description.name: tool for tool in (CODE, BROWSER, HTTP)}
INSTALLED = Installed(frozenset(TOOLS))


class InvalidArguments(Exception):
    """The tool is unknown or its arguments break its schema; `detail` says what to change."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def check_arguments(tool: Tool, arguments: dict[str, Any]) -> None:
    """Raises InvalidArguments unless the tool's schema accepts `arguments`."""
    mismatch = find_mismatch(arguments, tool.description.parameters)
    if mismatch is not None:
        raise InvalidArguments(mismatch.under("arguments"))
