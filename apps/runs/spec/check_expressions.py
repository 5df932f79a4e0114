"""Expressions: whether they parse, and whether what they read is there by then."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from apps.runs.spec.check_catalogue import offered_tools
from apps.runs.spec.crew import crew_templates
from apps.runs.spec.crew_steps import CrewStep
from apps.runs.spec.document import Spec
from apps.runs.spec.expression import TemplateError, compile_expression, references
from apps.runs.spec.kinds import MapStep, SpecStep
from apps.runs.spec.nodes import ROOTS, nodes_of
from apps.runs.spec.outputs import closed_fields, output_fields
from apps.runs.spec.steps import DecisionStep
from apps.runs.spec.template import expressions_in, openings_in
from apps.runs.spec.tools import BoundTool

_OF_STEP = ("status", "output", "error")
_OF_RUN = ("id", "tenant_id", "created_at")
_NO_MORE: frozenset[str] = frozenset()
_OF_CALL = frozenset({"args"})
_TEMPLATES = (
    *("prompt", "system", "instructions", "arguments", "response_schema"),
    *("seconds", "question", "task", "input"),
)


@dataclass(frozen=True)
class _Sight:
    """What an expression may read: the roots that it has, and the steps that are over by then. Of
    steps that are `lacking` fields no output is known."""

    spec: Spec
    steps: Collection[str]
    roots: frozenset[str]
    lacking: Collection[str]


def expression_errors(spec: Spec, lacking: Collection[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with each expression; of steps that are `lacking` fields no output is known."""
    for located in nodes_of(spec):
        before = spec.upstream(located.step) - {located.step}
        sight = _Sight(spec, before, located.roots, lacking)
        for field, expression in _bare_expressions_of(located.node):
            for message in _bare_errors(expression, sight):
                yield f"{located.path}.{field}", message
        for field, template, more_roots in _templates_of(located.node):
            seen = replace(sight, roots=sight.roots | more_roots)
            for message in _template_errors(template, seen):
                yield f"{located.path}.{field}", message
    for message in _template_errors(spec.output, _Sight(spec, spec.by_name, ROOTS, lacking)):
        yield "output", message


def show_errors(spec: Spec) -> Iterator[tuple[str, str]]:
    """They read what a tool or a task gives, which nobody knows before."""
    for located in nodes_of(spec):
        for field, tool in offered_tools(located.node):
            if not isinstance(tool, str) and tool.show is not None:
                try:
                    compile_expression(tool.show)
                except TemplateError as error:
                    yield f"{located.path}.{field}.show", error.detail


def _bare_expressions_of(step: SpecStep) -> Iterator[tuple[str, str]]:
    """Fields that are expressions themselves."""
    if step.when is not None:
        yield "when", step.when
    if isinstance(step, DecisionStep):
        for branch in step.branches:
            yield f"branches.{branch.name}.when", branch.when
    if isinstance(step, MapStep) and isinstance(step.items, str):
        yield "items", step.items


def _templates_of(step: SpecStep) -> Iterator[tuple[str, Any, frozenset[str]]]:
    """Each template of a node: its field, itself, and the roots that it has beside the node's."""
    for field in _TEMPLATES:
        yield field, getattr(step, field, None), _NO_MORE
    if isinstance(step, CrewStep):
        for field, template in crew_templates(step):
            yield field, template, _NO_MORE
    for field, tool in offered_tools(step):
        if isinstance(tool, BoundTool):
            yield f"{field}.parameters", tool.parameters, _NO_MORE
            yield f"{field}.arguments", tool.arguments, _OF_CALL


def _bare_errors(expression: str, sight: _Sight) -> Iterator[str]:
    if expression.strip().startswith("{{"):
        yield f"`{expression}`: the field is an expression already; write it without the braces"
    else:
        yield from _expression_errors(expression, sight)


def _template_errors(template: Any, sight: _Sight) -> Iterator[str]:
    for expression in expressions_in(template):
        yield from _expression_errors(expression, sight)
    if opening := next(openings_in(template), None):
        yield rf"`{opening}` is never closed; end it with `}}}}`, or write `\{{{{` for the braces"


def _expression_errors(expression: str, sight: _Sight) -> Iterator[str]:
    try:
        found = references(expression)
    except TemplateError as error:
        yield error.detail
        return
    for path in sorted(found):
        if problem := _problem(path, sight):
            yield f"`{expression}` reads {problem}"


def _problem(path: tuple[str, ...], sight: _Sight) -> str | None:
    """Why what an expression reads can never be there."""
    match path:
        case (root, *_) if root not in sight.roots:
            return f"`{root}`; there are {', '.join(sorted(sight.roots))}"
        case ("steps", step, *_) if step not in sight.spec.by_name:
            return f"step `{step}`, which does not exist"
        case ("steps", step, *_) if step not in sight.steps:
            return f"step `{step}`, which is not over by then; add it to needs"
        case ("steps", step, part, *_) if part not in _OF_STEP:
            return _not_among(f"`{part}` of step `{step}`", _OF_STEP)
        case ("steps", step, "output", field, *_) if step not in sight.lacking:
            known = output_fields(sight.spec.by_name[step])
            return _not_among(f"`{field}` of the output of step `{step}`", known, field)
        case ("run", field, *_):
            return _not_among(f"`{field}` of the run", _OF_RUN, field)
        case ("input", field, *_):
            known = closed_fields(sight.spec.inputs)
            return _not_among(f"`{field}` of the input", known, field)
    return None


def _not_among(what: str, known: Collection[str] | None, field: Any = None) -> str | None:
    if known is None or field in known:
        return None
    return f"{what}; there are {', '.join(known)}" if known else f"{what}, which has no fields"
