"""What will keep `run` steps from starting their runs unless it changes until then: tasks come and
go by themselves, so that none of it is an error."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from agentplatform.core.json_schema import find_mismatches
from apps.runs.spec.check_arguments import is_certain
from apps.runs.spec.document import Spec
from apps.runs.spec.engine_steps import RunStep
from apps.runs.spec.nodes import nodes_of
from apps.runs.spec.template import expressions_in, render

FindInputs = Callable[[frozenset[str]], Mapping[str, dict[str, Any]]]
"""The input schemas of those of these names that are names of the tenant's tasks."""


def run_warnings(spec: Spec, find_inputs: FindInputs) -> dict[str, list[str]]:
    """Sentences by path: tasks that are not there, and inputs that break their schemas whatever
    templates give. A task whose name is a template is not known."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, message in _warnings(spec, find_inputs):
        found[path].append(message)
    return dict(found)


def _warnings(spec: Spec, find_inputs: FindInputs) -> Iterator[tuple[str, str]]:
    named = [
        (located.path, located.node, str(render(located.node.task, {})))
        for located in nodes_of(spec)
        if isinstance(located.node, RunStep) and not any(expressions_in(located.node.task))
    ]
    inputs = find_inputs(frozenset(task for _, _, task in named)) if named else {}
    for path, step, task in named:
        if task not in inputs:
            yield f"{path}.task", f"there is no task named `{task}`; the step fails unless there is"
            continue
        for mismatch in find_mismatches(step.input, inputs[task]):
            if is_certain(mismatch, step.input):
                where = ".".join(filter(None, (path, "input", mismatch.path)))
                yield where, f"{mismatch.message}, says the task `{task}`"
