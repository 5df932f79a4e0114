"""Read MODEL_ROUTES, and judge a route whoever wrote it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Final

PROVIDERS: Final = ("openai", "anthropic", "local")
MAX_TARGETS: Final = 10
MAX_MODEL: Final = 200
_ALIAS: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


@dataclass(frozen=True, kw_only=True)
class Route:
    """What an alias means: models as `provider:model`, the preferred first, and those to ask
    instead when one refuses a prompt as too long or its content."""

    targets: tuple[str, ...]
    on_context_window: tuple[str, ...] = ()
    on_content_filter: tuple[str, ...] = ()


LISTS: Final = tuple(field.name for field in fields(Route))


@lru_cache(maxsize=16)
def parse_routes(given: str) -> Mapping[str, Route]:
    """The routes by alias; empty for none. Each is a list of models or an object of such lists.

    Raises ValueError that names the route and what is wrong with it.
    """
    if not given.strip():
        return {}
    try:
        routes = json.loads(given)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(routes, dict):
        raise ValueError('write a JSON object: {"smart": ["openai:gpt-4o"]}')
    return {alias: _parse_route(alias, value) for alias, value in routes.items()}


def route_problems(alias: str, lists: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with a route, by the name of its part (`alias` or one of LISTS)."""
    problems: dict[str, list[str]] = {}
    if not is_alias(alias):
        problems["alias"] = ["Use 1 to 63 of a-z, 0-9, '.', '_' and '-', no punctuation first."]
    for name in LISTS:
        found = lists.get(name, ())
        if name == "targets" and not found:
            problems[name] = ["Name at least one model."]
        elif wrong := _list_problem(found):
            problems[name] = [wrong]
    if unknown := sorted(set(lists) - set(LISTS)):
        problems["targets"] = [f"There is no {', '.join(unknown)}; there are {', '.join(LISTS)}."]
    return problems


def is_alias(name: str) -> bool:
    """Whether a route can have this name."""
    return _ALIAS.fullmatch(name) is not None


def split_model(name: str) -> tuple[str, str]:
    """The provider and the model of `provider:model`; empty if it is no such name."""
    provider, _, model = name.partition(":")
    is_model = bool(model.strip()) and len(model) <= MAX_MODEL
    return (provider, model) if is_model and provider in PROVIDERS else ("", "")


def _parse_route(alias: str, value: Any) -> Route:
    lists = value if isinstance(value, dict) else {"targets": value}
    for part, messages in route_problems(alias, lists).items():
        raise ValueError(f"route {alias!r}, {part}: {messages[0]}")
    return Route(**{name: tuple(found) for name, found in lists.items()})


def _list_problem(found: Any) -> str:
    if not isinstance(found, Sequence) or isinstance(found, str):
        return 'Give a list of models, like ["openai:gpt-4o"].'
    if len(found) > MAX_TARGETS:
        return f"Name up to {MAX_TARGETS} models."
    for one in found:
        if not isinstance(one, str) or not split_model(one)[0]:
            known = ", ".join(PROVIDERS)
            return f"{one!r} is no model; write <provider>:<model> with one of {known}."
    if len(set(found)) < len(found):
        return "Name each model once."
    return ""
