"""Checks of single values in a request's body. Each returns the value, or raises the Refusal that
names the parameter and says what to change."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from apps.gateway.doors.refusals import Refusal, wrong

Check = Callable[[Any, str], Any]
_LONGEST_TOLD = 40
"""Digits of a number that are repeated to who sent it."""

_NAMES = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def name_of(value: Any) -> str:
    """What a value of JSON is called."""
    return _NAMES.get(type(value), "something else")


def wrong_type(param: str, value: Any, wanted: str) -> Refusal:
    message = f"Invalid type for '{param}': expected {wanted}, but got {name_of(value)} instead."
    return wrong(param, message, code="invalid_type")


def wrong_value(param: str, message: str) -> Refusal:
    return wrong(param, f"Invalid value for '{param}': {message}", code="invalid_value")


def text(value: Any, param: str) -> str:
    if not isinstance(value, str):
        raise wrong_type(param, value, "a string")
    return value


def boolean(value: Any, param: str) -> bool:
    if not isinstance(value, bool):
        raise wrong_type(param, value, "a boolean")
    return value


def integer(value: Any, param: str, *, least: int | None = None, most: int | None = None) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(param, value, "an integer")
    _within(value, param, least, most)
    return value


def number(value: Any, param: str, *, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong_type(param, value, "a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise wrong_value(param, f"{value} is no number of JSON.")
    _within(value, param, least, most)
    return value


def mapping(value: Any, param: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise wrong_type(param, value, "an object")
    return value


def array(value: Any, param: str, *, most: int | None = None) -> list[Any]:
    if not isinstance(value, list):
        raise wrong_type(param, value, "an array")
    if most is not None and len(value) > most:
        raise wrong_value(param, f"it has {len(value)} items, at most {most} are allowed.")
    return value


def parts_of(value: Any, param: str) -> list[Any]:
    """The parts of a content that is no string."""
    if not isinstance(value, list):
        raise wrong_type(param, value, "a string or an array")
    return value


def one_of(value: Any, param: str, allowed: Sequence[str]) -> str:
    if text(value, param) not in allowed:
        named = ", ".join(f"'{one}'" for one in allowed)
        raise wrong_value(param, f"'{value[:100]}' is none of {named}.")
    return str(value)


def required(body: dict[str, Any], name: str, param: str) -> Any:
    """The value of a parameter that must be there."""
    if body.get(name) is None:
        message = f"Missing required parameter: '{param}'."
        raise wrong(param, message, code="missing_required_parameter")
    return body[name]


def optional(body: dict[str, Any], name: str, check: Check) -> Any:
    """The checked value of a parameter that may be left out or null; then None."""
    value = body.get(name)
    return None if value is None else check(value, name)


def known_only(body: dict[str, Any], known: frozenset[str], param: str) -> None:
    """Refuse what is not `known` by its name; nulls wish for nothing, and clients send what they
    were answered again with nulls in it."""
    unknown = sorted(name for name in body.keys() - known if body[name] is not None)
    if unknown:
        name = f"{param}.{unknown[0][:100]}"
        raise wrong(name, f"Unknown parameter: '{name}'; remove it.", code="unknown_parameter")


def _within(value: float, param: str, least: float | None, most: float | None) -> None:
    told = str(value)[:_LONGEST_TOLD]
    if least is not None and value < least:
        raise wrong_value(param, f"{told} is less than {least}, the least that is allowed.")
    if most is not None and value > most:
        raise wrong_value(param, f"{told} is more than {most}, the most that is allowed.")
