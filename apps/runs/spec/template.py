"""`{{ expression }}` in strings: JMESPath over input, steps, run (and args, in a bound tool).

An expression that is the whole string gives its JSON value; inside a longer string it gives text.
A backslash before the braces keeps them as they are: `\\{{` is the text `{{`.
Nothing is ever evaluated as code. JMESPath: https://jmespath.org/specification.html
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jmespath
from jmespath import functions
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult

from agentplatform.core.errors import InvalidInput
from agentplatform.core.json_schema import find_schema_problem

_EXPRESSION = re.compile(r"(?<!\\)\{\{(.*?)\}\}", re.DOTALL)


class _Functions(functions.Functions):
    """JMESPath's own functions and `unique(array)`: each item once, where it stood first."""

    @functions.signature({"types": ["array"]})
    def _func_unique(self, items: list[Any]) -> list[Any]:
        kept = {json.dumps(item, sort_keys=True): item for item in reversed(items)}
        return list(reversed(kept.values()))


_OPTIONS = jmespath.Options(custom_functions=_Functions())


class TemplateError(InvalidInput):
    """An expression that does not parse, or that fails on the values at hand."""

    code = "template_error"


@lru_cache(maxsize=2048)
def compile_expression(expression: str) -> ParsedResult:
    """A parsed JMESPath expression. Raises TemplateError saying what is wrong with it."""
    try:
        return jmespath.compile(expression)
    except JMESPathError as error:
        raise TemplateError(f"`{expression}` is no JMESPath expression: {error}") from error


def evaluate(expression: str, values: Any) -> Any:
    """The value of `expression` over `values`; what is not there is None. Raises TemplateError."""
    try:
        return compile_expression(expression).search(values, options=_OPTIONS)
    except JMESPathError as error:
        raise TemplateError(f"`{expression}` failed: {error}") from error


def is_true(expression: str, values: dict[str, Any]) -> bool:
    """JMESPath's truth: false, null and the empty string, list and object are false; 0 is true."""
    value = evaluate(expression, values)
    return value is not None and value is not False and value not in ("", [], {})


def render(template: Any, values: dict[str, Any]) -> Any:
    """`template` (any JSON) with every expression in its strings replaced. Raises TemplateError."""
    if isinstance(template, str):
        return _render_text(template, values)
    if isinstance(template, dict):
        return {key: render(item, values) for key, item in template.items()}
    if isinstance(template, list | tuple):
        return [render(item, values) for item in template]
    return template


def render_schema(template: Any, values: dict[str, Any]) -> dict[str, Any] | None:
    """A rendered JSON schema; None stays None. Raises TemplateError for what is no schema then."""
    if template is None:
        return None
    schema: dict[str, Any] = render(template, values)
    if problem := find_schema_problem(schema):
        raise TemplateError(f"the rendered schema is no JSON schema: {problem}")
    return schema


def _render_text(text: str, values: dict[str, Any]) -> Any:
    whole = _EXPRESSION.fullmatch(text.strip())
    if whole and "}}" not in whole.group(1):
        return evaluate(whole.group(1).strip(), values)
    filled = _EXPRESSION.sub(lambda match: _as_text(evaluate(match.group(1).strip(), values)), text)
    return filled.replace(r"\{{", "{{")


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def expressions_in(template: Any) -> Iterator[str]:
    """Every expression in the strings of `template`."""
    if isinstance(template, str):
        for match in _EXPRESSION.finditer(template):
            yield match.group(1).strip()
    elif isinstance(template, dict):
        for item in template.values():
            yield from expressions_in(item)
    elif isinstance(template, list | tuple):
        for item in template:
            yield from expressions_in(item)


def references(expression: str) -> set[tuple[str, str | None]]:
    """What an expression reads, as (root, first field): `steps.a.output` gives ("steps", "a").

    Raises TemplateError when it does not parse.
    """
    found: set[tuple[str, str | None]] = set()
    _walk(compile_expression(expression).parsed, found, is_at_root=True)
    return found


def _walk(node: Any, found: set[tuple[str, str | None]], *, is_at_root: bool) -> None:
    """Only the leftmost field of a chain, outside of projections, names a root."""
    kind, children = node["type"], node.get("children", [])
    if kind == "field":
        if is_at_root:
            found.add((node["value"], None))
        return
    if kind == "subexpression":
        first, second = _leading_fields(node)
        if first is not None:
            if is_at_root:
                found.add((first, second))
            return
    scoped = kind in {
        "projection",
        "filter_projection",
        "value_projection",
        "flatten",
        "pipe",
        "subexpression",
        "index_expression",
    }
    for position, child in enumerate(children):
        _walk(child, found, is_at_root=is_at_root and (position == 0 or not scoped))


def _leading_fields(node: Any) -> tuple[str | None, str | None]:
    """The first two names of a chain of plain fields, or (None, None) for anything else."""
    names: list[str] = []
    pending = [node]
    while pending:
        current = pending.pop()
        if current["type"] == "subexpression":
            pending.extend(reversed(current["children"]))
        elif current["type"] == "field":
            names.append(current["value"])
        elif not names:
            return None, None
        else:
            break
    return (names[0], names[1] if len(names) > 1 else None) if names else (None, None)
