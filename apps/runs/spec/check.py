"""Everything that can be known to be wrong with a spec before it runs, all at once."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from apps.runs.contracts import InvalidSpec
from apps.runs.spec.check_catalogue import (
    Catalogue,
    catalogue_errors,
    offered_tools,
    schema_errors,
)
from apps.runs.spec.check_order import cycle_errors, name_errors, reach_errors
from apps.runs.spec.crew import crew_expressions
from apps.runs.spec.crew_steps import CrewStep
from apps.runs.spec.document import Spec
from apps.runs.spec.expression import TemplateError, compile_expression, references
from apps.runs.spec.kinds import MapStep, SpecStep
from apps.runs.spec.nodes import ROOTS, nodes_of
from apps.runs.spec.steps import DecisionStep
from apps.runs.spec.template import expressions_in
from apps.runs.spec.tools import BoundTool

Errors = dict[str, list[str]]


def parse_spec(document: Any, *, catalogue: Catalogue) -> Spec:
    """The spec of `document` (decoded JSON). Raises InvalidSpec with every error found."""
    try:
        spec = Spec.model_validate(document)
    except ValidationError as error:
        raise InvalidSpec(_shape_errors(error, document)) from error
    errors: Errors = defaultdict(list)
    for path, message in (
        *name_errors(spec),
        *cycle_errors(spec),
        *reach_errors(spec),
        *catalogue_errors(spec, catalogue),
        *schema_errors(spec),
        *_expression_errors(spec),
        *_show_errors(spec),
    ):
        errors[path].append(message)
    if errors:
        raise InvalidSpec(dict(errors))
    return spec


def _shape_errors(error: ValidationError, document: Any) -> Errors:
    """Pydantic's errors, with steps named instead of numbered."""
    errors: Errors = defaultdict(list)
    found = error.errors(include_url=False, include_context=False)
    for item in found:
        if not (item["type"] == "too_short" and _has_errors_inside(item["loc"], found)):
            message = item["msg"].replace("valid tuple", "list").replace("Tuple", "The list")
            errors[_path(item["loc"], document)].append(message)
    return dict(errors)


def _has_errors_inside(location: tuple[int | str, ...], found: list[ErrorDetails]) -> bool:
    """Pydantic does not count wrong items, so a list of wrong items seems too short as well."""
    depth = len(location)
    return any(len(e["loc"]) > depth and e["loc"][:depth] == location for e in found)


def _path(location: tuple[int | str, ...], document: Any) -> str:
    parts = [str(part) for part in location]
    if len(parts) > 1 and parts[0] == "steps" and isinstance(location[1], int):
        step = document["steps"][location[1]]
        name = step.get("name") if isinstance(step, dict) else None
        parts[1] = name if isinstance(name, str) and name else f"[{location[1]}]"
        kind = step.get("kind") if isinstance(step, dict) else None
        if len(parts) > 2 and parts[2] == kind:
            del parts[2]
    return ".".join(parts) or "spec"


def _expression_errors(spec: Spec) -> Iterator[tuple[str, str]]:
    for located in nodes_of(spec):
        before = spec.upstream(located.step) - {located.step}
        for field, expression, roots in _expressions_of(located.node, located.roots):
            for message in _expression_error(spec, expression, before, roots):
                yield f"{located.path}.{field}", message
    for expression in expressions_in(spec.output):
        for message in _expression_error(spec, expression, set(spec.by_name), ROOTS):
            yield "output", message


_TEMPLATES = (
    *("prompt", "system", "instructions", "arguments", "response_schema"),
    *("seconds", "question", "task", "input"),
)


def _expressions_of(
    step: SpecStep, roots: frozenset[str]
) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Each expression of a node: its field, its text, and the roots it may read."""
    if step.when is not None:
        yield "when", step.when, roots
    if isinstance(step, DecisionStep):
        for branch in step.branches:
            yield f"branches.{branch.name}.when", branch.when, roots
    if isinstance(step, MapStep) and isinstance(step.items, str):
        yield "items", step.items, roots
    for field in _TEMPLATES:
        for expression in expressions_in(getattr(step, field, None)):
            yield field, expression, roots
    if isinstance(step, CrewStep):
        for field, expression in crew_expressions(step):
            yield field, expression, roots
    yield from _expressions_of_tools(step, roots)


def _expressions_of_tools(
    step: SpecStep, roots: frozenset[str]
) -> Iterator[tuple[str, str, frozenset[str]]]:
    for field, tool in offered_tools(step):
        if isinstance(tool, BoundTool):
            for expression in expressions_in(tool.parameters):
                yield f"{field}.parameters", expression, roots
            for expression in expressions_in(tool.arguments):
                yield f"{field}.arguments", expression, roots | {"args"}


def _show_errors(spec: Spec) -> Iterator[tuple[str, str]]:
    """They read what a tool or a task gives, which nobody knows before."""
    for located in nodes_of(spec):
        for field, tool in offered_tools(located.node):
            if not isinstance(tool, str) and tool.show is not None:
                try:
                    compile_expression(tool.show)
                except TemplateError as error:
                    yield f"{located.path}.{field}.show", error.detail


def _expression_error(
    spec: Spec, expression: str, upstream: set[str], roots: frozenset[str]
) -> Iterator[str]:
    try:
        found = references(expression)
    except TemplateError as error:
        yield error.detail
        return
    for root, field in sorted(found, key=str):
        if root not in roots:
            yield f"`{expression}` reads `{root}`; there are {', '.join(sorted(roots))}"
        elif root == "steps" and field is not None and field not in spec.by_name:
            yield f"`{expression}` reads step `{field}`, which does not exist"
        elif root == "steps" and field is not None and field not in upstream:
            yield f"`{expression}` reads step `{field}`, which is not over by then; add it to needs"
