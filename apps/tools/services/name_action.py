"""What a call does, in a word: the part of its arguments by which people tell calls apart."""

from collections.abc import Callable
from typing import Any

_LONGEST = 200


def name_action(tool: str, arguments: dict[str, Any]) -> str:
    """The language of a program, the method of a request, the actions of a browser; else ""."""
    find = _ACTIONS.get(tool)
    return find(arguments)[:_LONGEST] if find else ""


def _language(arguments: dict[str, Any]) -> str:
    return str(arguments.get("language", "python"))


def _method(arguments: dict[str, Any]) -> str:
    return str(arguments.get("method", "GET"))


def _browser_actions(arguments: dict[str, Any]) -> str:
    if "script" in arguments:
        return "script"
    actions = arguments.get("actions")
    named = actions if isinstance(actions, list) else []
    return ", ".join(str(one.get("action", "")) for one in named if isinstance(one, dict))


_ACTIONS: dict[str, Callable[[dict[str, Any]], str]] = {
    "code": _language,
    "http": _method,
    "browser": _browser_actions,
}
