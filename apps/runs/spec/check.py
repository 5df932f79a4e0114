"""Everything that can be known to be wrong with a spec before it runs, all at once."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from agentplatform.core.json_schema import find_schema_problem
from apps.runs.contracts import InvalidSpec
from apps.runs.spec.crew import crew_errors, crew_expressions, crew_schemas, crew_tools
from apps.runs.spec.document import Spec
from apps.runs.spec.expression import TemplateError, references
from apps.runs.spec.steps import (
    AgentStep,
    BoundTool,
    CrewStep,
    DecisionStep,
    LlmStep,
    SpecStep,
    ToolStep,
)
from apps.runs.spec.template import expressions_in

Errors = dict[str, list[str]]
_ROOTS = frozenset({"input", "steps", "run"})


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """What a spec may name: tools, graphs, and whether a model alias is known."""

    tools: frozenset[str]
    graphs: frozenset[str]
    is_known_model: Callable[[str], bool]


def parse_spec(document: Any, *, catalogue: Catalogue) -> Spec:
    """The spec of `document` (decoded JSON). Raises InvalidSpec with every error found."""
    try:
        spec = Spec.model_validate(document)
    except ValidationError as error:
        raise InvalidSpec(_shape_errors(error, document)) from error
    errors: Errors = defaultdict(list)
    for path, message in (
        *_name_errors(spec),
        *_cycle_errors(spec),
        *_catalogue_errors(spec, catalogue),
        *_schema_errors(spec),
        *_expression_errors(spec),
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


def _name_errors(spec: Spec) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for step in spec.steps:
        if step.name in seen:
            yield f"steps.{step.name}.name", "another step has this name; names are unique"
        seen.add(step.name)
    for step in spec.steps:
        for name in step.needs or ():
            if name not in spec.by_name:
                yield f"steps.{step.name}.needs", f"there is no step `{name}`"
        if isinstance(step, DecisionStep):
            yield from _branch_errors(spec, step)


def _branch_errors(spec: Spec, step: DecisionStep) -> Iterator[tuple[str, str]]:
    names = [way.name for way in step.ways]
    if len(set(names)) < len(names):
        yield f"steps.{step.name}.branches", "two branches have one name"
    for way in step.ways:
        for name in way.next:
            if name not in spec.by_name:
                yield f"steps.{step.name}.branches.{way.name}.next", f"there is no step `{name}`"


def _cycle_errors(spec: Spec) -> Iterator[tuple[str, str]]:
    """Steps that can never start because they wait, directly or not, for themselves."""
    left = {name: {n for n in needs if n in spec.by_name} for name, needs in spec.needs.items()}
    while ready := [name for name, needs in left.items() if not needs]:
        for name in ready:
            del left[name]
        for needs in left.values():
            needs.difference_update(ready)
    for name in left:
        if name in _upstream(spec, name):
            yield (
                f"steps.{name}.needs",
                "the step waits for itself through its needs; break the cycle",
            )


def _upstream(spec: Spec, name: str) -> set[str]:
    """Every step that is over before `name` starts (itself too, in a cycle)."""
    found: set[str] = set()
    pending = list(spec.needs.get(name, ()))
    while pending:
        need = pending.pop()
        if need not in found:
            found.add(need)
            pending.extend(spec.needs.get(need, ()))
    return found


def _catalogue_errors(spec: Spec, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    if not catalogue.is_known_model(spec.defaults.model):
        yield "defaults.model", _unknown_model(spec.defaults.model)
    for step in spec.steps:
        path = f"steps.{step.name}"
        model = getattr(step, "model", None)
        if model and not catalogue.is_known_model(model):
            yield f"{path}.model", _unknown_model(model)
        if isinstance(step, AgentStep) and step.graph not in catalogue.graphs:
            yield f"{path}.graph", f"unknown graph; there are {', '.join(sorted(catalogue.graphs))}"
        if isinstance(step, CrewStep):
            for where, message in crew_errors(step, is_known_model=catalogue.is_known_model):
                yield f"{path}.{where}", message
        for where, tool in _tools_of(step):
            if tool not in catalogue.tools:
                known = ", ".join(sorted(catalogue.tools))
                yield f"{path}.{where}", f"unknown tool `{tool}`; there are {known}"


def _unknown_model(alias: str) -> str:
    return f"unknown model `{alias}`; use `default` or provider:model, such as openai:gpt-4o"


def _tools_of(step: SpecStep) -> Iterator[tuple[str, str]]:
    if isinstance(step, ToolStep):
        yield "tool", step.tool
    for where, tool in _offered_by(step):
        if isinstance(tool, BoundTool):
            yield f"{where}.tool", tool.tool
        else:
            yield where, tool


def _schema_errors(spec: Spec) -> Iterator[tuple[str, str]]:
    yield from _schema_error("inputs", spec.inputs)
    for step in spec.steps:
        path = f"steps.{step.name}"
        for field, schema in _schemas_of(step):
            if not any(expressions_in(schema)):
                yield from _schema_error(f"{path}.{field}", schema)
        if isinstance(step, AgentStep):
            names = [tool.name if isinstance(tool, BoundTool) else tool for tool in step.tools]
            if len(set(names)) < len(names):
                yield f"{path}.tools", "two tools have one name"
            if step.min_turns >= step.max_turns:
                yield f"{path}.min_turns", "must be below max_turns"
            if step.min_turns and not step.tools:
                yield f"{path}.min_turns", "needs at least one tool"


def _schemas_of(step: SpecStep) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(step, LlmStep | AgentStep) and step.response_schema is not None:
        yield "response_schema", step.response_schema
    if isinstance(step, CrewStep):
        yield from crew_schemas(step)


def _schema_error(path: str, schema: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    if problem := find_schema_problem(schema or {}):
        yield path, f"is no JSON schema: {problem}"


def _expression_errors(spec: Spec) -> Iterator[tuple[str, str]]:
    for step in spec.steps:
        upstream = _upstream(spec, step.name) - {step.name}
        for field, expression, roots in _expressions_of(step):
            for message in _expression_error(spec, expression, upstream, roots):
                yield f"steps.{step.name}.{field}", message
    for expression in expressions_in(spec.output):
        for message in _expression_error(spec, expression, set(spec.by_name), _ROOTS):
            yield "output", message


def _expressions_of(step: SpecStep) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Each expression of a step: its field, its text, and the roots it may read."""
    if step.when is not None:
        yield "when", step.when, _ROOTS
    if isinstance(step, DecisionStep):
        for branch in step.branches:
            yield f"branches.{branch.name}.when", branch.when, _ROOTS
    for field in ("prompt", "system", "instructions", "arguments", "response_schema"):
        for expression in expressions_in(getattr(step, field, None)):
            yield field, expression, _ROOTS
    if isinstance(step, CrewStep):
        for field, expression in crew_expressions(step):
            yield field, expression, _ROOTS
    yield from _tool_expressions(step)


def _tool_expressions(step: SpecStep) -> Iterator[tuple[str, str, frozenset[str]]]:
    for field, tool in _offered_by(step):
        if isinstance(tool, BoundTool):
            for expression in expressions_in(tool.parameters):
                yield f"{field}.parameters", expression, _ROOTS
            for expression in expressions_in(tool.arguments):
                yield f"{field}.arguments", expression, _ROOTS | {"args"}


def _offered_by(step: SpecStep) -> Iterator[tuple[str, str | BoundTool]]:
    if isinstance(step, AgentStep):
        yield from ((f"tools[{position}]", tool) for position, tool in enumerate(step.tools))
    if isinstance(step, CrewStep):
        yield from crew_tools(step)


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
