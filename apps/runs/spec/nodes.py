"""Every node of a spec that does something: its steps, and the steps inside of maps."""

from collections.abc import Iterator
from dataclasses import dataclass

from apps.runs.spec.document import Spec
from apps.runs.spec.kinds import MapStep, SpecStep

ROOTS = frozenset({"input", "steps", "run"})
ITEM_ROOTS = ROOTS | {"item", "index"}


@dataclass(frozen=True)
class Located:
    """`path` is where the node stands, `step` the name of its step, `roots` what its expressions
    may read."""

    path: str
    step: str
    node: SpecStep
    roots: frozenset[str]


def nodes_of(spec: Spec) -> Iterator[Located]:
    """The nodes in the order of the spec."""
    for step in spec.steps:
        path = f"steps.{step.name}"
        yield Located(path, step.name, step, ROOTS)
        if isinstance(step, MapStep):
            yield Located(f"{path}.step", step.name, step.step, ITEM_ROOTS)
