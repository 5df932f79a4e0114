"""JMESPath over a run's values, within bounds. Nothing is ever evaluated as code.

https://jmespath.org/specification.html, with one more function: unique(array). A short expression
can ask for a value that doubles at each of its stages, so visits and sizes are counted; and before
a function or a comparison walks through its values, so are these.
"""

import json
import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jmespath
from jmespath import functions
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult
from jmespath.visitor import TreeInterpreter

from agentplatform.core.errors import InvalidInput

MAX_VISITS = 200_000
MAX_ITEMS = 100_000
MAX_WORK = 5_000_000
"""Values that functions and comparisons of one expression may walk through; 16 characters of a text
are one more."""
MAX_VALUES = 500_000
MAX_CHARACTERS = 5_000_000
MAX_RESULT = 10_000_000
"""Characters of all that an expression, or a whole template, gives."""
MAX_WHY = 300

_FAILURES = (JMESPathError, RecursionError, TypeError, ValueError, ArithmeticError)
"""What the library raises on values that it does not expect: `contains('a', `1`)` a TypeError."""


class TemplateError(InvalidInput):
    """An expression that does not parse, or that fails on the values at hand."""

    code = "template_error"


class _Functions(functions.Functions):
    """JMESPath's own functions and `unique(array)`: each item once, where it stood first."""

    @functions.signature({"types": ["array"]})
    def _func_unique(self, items: list[Any]) -> list[Any]:
        kept = {json.dumps(item, sort_keys=True): item for item in reversed(items)}
        return list(reversed(kept.values()))


_FUNCTIONS: dict[str, Any] = _Functions.FUNCTION_TABLE


class _Interpreter(TreeInterpreter):
    """Gives up on an expression that visits or makes too much."""

    def __init__(self) -> None:
        self._library = _Functions()
        super().__init__(jmespath.Options(custom_functions=self._library))
        self._visits_left = MAX_VISITS
        self._work_left = MAX_WORK

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._visits_left -= 1
        if self._visits_left < 0:
            raise TemplateError(f"The expression takes more than {MAX_VISITS} steps.")
        result = super().visit(node, *args, **kwargs)
        if isinstance(result, list) and len(result) > MAX_ITEMS:
            raise TemplateError(f"The expression makes a list of more than {MAX_ITEMS} items.")
        if isinstance(result, str) and len(result) > MAX_CHARACTERS:
            raise TemplateError(f"The expression makes more than {MAX_CHARACTERS} characters.")
        return result

    def visit_comparator(self, node: Any, value: Any) -> Any:
        """The library orders strings too, and fails on a string beside a number; that is null, as
        the specification has it of all that cannot be ordered."""
        left, right = (self.visit(child, value) for child in node["children"])
        self._walk_through([left, right])
        compare = self.COMPARATOR_FUNC[node["value"]]
        if node["value"] in ("eq", "ne"):
            return compare(left, right)
        for kind in (str, int | float):
            if all(isinstance(one, kind) and not isinstance(one, bool) for one in (left, right)):
                return compare(left, right)
        return None

    def visit_function_expression(self, node: Any, value: Any) -> Any:
        arguments = [self.visit(child, value) for child in node["children"]]
        self._walk_through(arguments)
        result = self._library.call_function(node["value"], arguments)
        self._walk_through([result] if isinstance(result, str) else [])
        return result

    def visit_flatten(self, node: Any, value: Any) -> Any:
        result = super().visit_flatten(node, value)
        self._work(len(result or ()))
        return result

    def _walk_through(self, values: list[Any]) -> None:
        """Count what they hold, a shared part as often as it stands there."""
        pending = list(values)
        while pending:
            item = pending.pop()
            self._work(1 + len(item) // 16 if isinstance(item, str) else 1)
            if isinstance(item, dict):
                pending.extend(item.values())
            elif isinstance(item, list):
                pending.extend(item)

    def _work(self, amount: int) -> None:
        self._work_left -= amount
        if self._work_left < 0:
            raise TemplateError(f"The expression works through more than {MAX_WORK} values.")


@lru_cache(maxsize=2048)
def compile_expression(expression: str) -> ParsedResult:
    """A parsed JMESPath expression. Raises TemplateError saying what is wrong with it."""
    try:
        compiled = jmespath.compile(expression)
        problem = next(_call_problems(compiled.parsed), None)
    except (JMESPathError, RecursionError) as error:
        raise TemplateError(f"`{expression}` is no JMESPath expression: {error}") from error
    if problem is not None:
        raise TemplateError(f"`{expression}`: {problem}")
    return compiled


def _call_problems(node: Any) -> Iterator[str]:
    """Calls of functions that there are not, or with a wrong number of arguments."""
    if not isinstance(node, dict):
        return
    children = node.get("children", [])
    if node["type"] == "function_expression":
        name, given = node["value"], len(children)
        if name not in _FUNCTIONS:
            yield f"there is no function `{name}`; there are {', '.join(sorted(_FUNCTIONS))}"
        else:
            wanted = _FUNCTIONS[name]["signature"]
            is_open = bool(wanted) and wanted[-1].get("variadic", False)
            if given < len(wanted) or (given > len(wanted) and not is_open):
                least = "at least " if is_open else ""
                plural = "" if len(wanted) == 1 else "s"
                yield f"`{name}` takes {least}{len(wanted)} argument{plural}, not {given}"
    for child in children:
        yield from _call_problems(child)


def evaluate(expression: str, values: Any) -> Any:
    """The value of `expression` over `values`; what is not there is None. Raises TemplateError."""
    return evaluate_sized(expression, values)[0]


def evaluate_sized(expression: str, values: Any) -> tuple[Any, int]:
    """The same, and how many characters it takes, about."""
    parsed = compile_expression(expression).parsed
    try:
        result = _Interpreter().visit(parsed, values)
    except _FAILURES as error:
        why = str(error)  # the library tells the whole value that a function does not take
        told = why if len(why) <= MAX_WHY else f"{why[:MAX_WHY]} ..."
        raise TemplateError(f"`{expression}` failed: {told}") from error
    return result, _size_of_result(expression, result)


def _size_of_result(expression: str, value: Any) -> int:
    """In characters. Raises TemplateError for what is too large: parts may be shared many times
    over, so a small expression can stand for a huge document; and for what is no JSON."""
    pending, seen, size = [value], 0, 0
    while pending:
        seen += 1
        if seen > MAX_VALUES:
            raise TemplateError(f"The expression gives more than {MAX_VALUES} values.")
        item = pending.pop()
        size += len(item) if isinstance(item, str) else 4
        if size > MAX_RESULT:
            raise TemplateError(f"`{expression}` gives more than {MAX_RESULT} characters.")
        if isinstance(item, dict):
            size += sum(map(len, item))
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, float) and not math.isfinite(item):
            raise TemplateError(f"`{expression}` gives a number that JSON does not have: {item}")
        elif not isinstance(item, str | int | float | None):
            raise TemplateError(f"`{expression}` gives `&...`, which only functions take")
    return size


def is_true(expression: str, values: dict[str, Any]) -> bool:
    """JMESPath's truth: false, null and the empty string, list and object are false; 0 is true."""
    value = evaluate(expression, values)
    return value is not None and value is not False and value not in ("", [], {})


def references(expression: str) -> set[tuple[str, ...]]:
    """What an expression reads of its values, as the plain fields that lead there: `steps.a.x[0]`
    gives ("steps", "a", "x").

    Raises TemplateError when it does not parse.
    """
    found: set[tuple[str, ...]] = set()
    _walk(compile_expression(expression).parsed, found, is_at_root=True)
    return found


def _walk(node: Any, found: set[tuple[str, ...]], *, is_at_root: bool) -> None:
    """Only the leftmost field of a chain, outside of projections, names a root."""
    kind, children = node["type"], node.get("children", [])
    if kind in ("field", "subexpression") and (fields := _leading_fields(node)):
        if is_at_root:
            found.add(fields)
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


def _leading_fields(node: Any) -> tuple[str, ...]:
    """The names that a chain begins with; none for anything else."""
    names: list[str] = []
    pending = [node]
    while pending:
        current = pending.pop()
        if current["type"] == "subexpression":
            pending.extend(reversed(current["children"]))
        elif current["type"] == "field":
            names.append(current["value"])
        else:
            break
    return tuple(names)
