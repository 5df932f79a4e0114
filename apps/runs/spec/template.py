"""`{{ expression }}` in strings: JMESPath over input, steps, run (and args, in a bound tool).

An expression that is the whole string gives its JSON value; inside a longer string it gives text.
A backslash before the braces keeps them as they are: `\\{{` is the text `{{`.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from agentplatform.core.json_schema import find_schema_problem
from apps.runs.spec.expression import MAX_RESULT, TemplateError, evaluate_sized

# An expression holds no second opening, so that a text full of openings is read in one pass.
_EXPRESSION = re.compile(r"(?<!\\)\{\{((?:(?!\{\{|\}\}).)*)\}\}", re.DOTALL)

_OPENING = re.compile(r"\{\{.{0,40}")


def render(template: Any, values: dict[str, Any]) -> Any:
    """`template` (any JSON) with every expression in its strings replaced. Raises TemplateError."""
    return _render(template, values, _Room())


class _Room:
    """What all the expressions of one template may give together: a value that stands in it many
    times is small until it is written."""

    def __init__(self) -> None:
        self._left = MAX_RESULT

    def evaluate(self, expression: str, values: dict[str, Any]) -> Any:
        value, size = evaluate_sized(expression, values)
        self._left -= size
        if self._left < 0:
            raise TemplateError(f"The template gives more than {MAX_RESULT} characters.")
        return value


def _render(template: Any, values: dict[str, Any], room: _Room) -> Any:
    if isinstance(template, str):
        return _render_text(template, values, room)
    if isinstance(template, dict):
        return {key: _render(item, values, room) for key, item in template.items()}
    if isinstance(template, list | tuple):
        return [_render(item, values, room) for item in template]
    return template


def render_schema(template: Any, values: dict[str, Any]) -> dict[str, Any] | None:
    """A rendered JSON schema; None stays None. Raises TemplateError for what is no schema then."""
    if template is None:
        return None
    schema: dict[str, Any] = render(template, values)
    if problem := find_schema_problem(schema):
        raise TemplateError(f"the rendered schema is no JSON schema: {problem}")
    return schema


def _render_text(text: str, values: dict[str, Any], room: _Room) -> Any:
    whole = _EXPRESSION.fullmatch(text.strip())
    if whole and "}}" not in whole.group(1):
        return room.evaluate(whole.group(1).strip(), values)
    filled = _EXPRESSION.sub(
        lambda match: _as_text(room.evaluate(match.group(1).strip(), values)), text
    )
    return filled.replace(r"\{{", "{{")


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def expressions_in(template: Any) -> Iterator[str]:
    """Every expression in the strings of `template`."""
    for text in _texts_in(template):
        for match in _EXPRESSION.finditer(text):
            yield match.group(1).strip()


def openings_in(template: Any) -> Iterator[str]:
    """The beginning of each expression that has no end."""
    for text in _texts_in(template):
        plain = _EXPRESSION.sub(" ", text).replace(r"\{{", " ")
        for match in _OPENING.finditer(plain):
            yield match.group()


def _texts_in(template: Any) -> Iterator[str]:
    if isinstance(template, str):
        yield template
    elif isinstance(template, dict):
        for item in template.values():
            yield from _texts_in(item)
    elif isinstance(template, list | tuple):
        for item in template:
            yield from _texts_in(item)
