"""Arguments of tools, as far as they are known before a run."""

from collections.abc import Iterator, Mapping
from typing import Any

from agentplatform.core.json_schema import Mismatch, find_mismatches
from apps.runs.spec.check_catalogue import Catalogue, offered_tools
from apps.runs.spec.document import Spec
from apps.runs.spec.kinds import SpecStep
from apps.runs.spec.nodes import nodes_of
from apps.runs.spec.steps import ToolStep
from apps.runs.spec.template import expressions_in
from apps.runs.spec.tools import BoundTool


def argument_errors(spec: Spec, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Arguments that break their tool's schema whatever their templates give."""
    calls = [
        (f"{located.path}.{field}", tool, arguments)
        for located in nodes_of(spec)
        for field, tool, arguments in _calls_of(located.node)
    ]
    names = frozenset(tool for _, tool, _ in calls)
    parameters = catalogue.find_parameters(names & catalogue.tools) if names else {}
    for path, tool, arguments in calls:
        for mismatch in find_mismatches(arguments, parameters.get(tool, {})):
            if is_certain(mismatch, arguments):
                yield ".".join(filter(None, (path, mismatch.path))), mismatch.message


def _calls_of(step: SpecStep) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if isinstance(step, ToolStep):
        yield "arguments", step.tool, step.arguments
    for field, tool in offered_tools(step):
        if isinstance(tool, BoundTool):
            yield f"{field}.arguments", tool.tool, tool.arguments


def is_certain(mismatch: Mismatch, arguments: Mapping[str, Any]) -> bool:
    """A template may give anything; that an argument is missing, or too many, it cannot mend."""
    if mismatch.path:
        inside = f"{mismatch.path}."
        wrong = [value for name, value in arguments.items() if inside.startswith(f"{name}.")]
        return not any(expressions_in(wrong))
    told = mismatch.message
    return (
        not any(expressions_in(arguments))
        or told.endswith("is a required property")
        or told.startswith("Additional properties are not allowed")
    )
