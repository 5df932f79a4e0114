"""Names and the order they give: what is missing, what waits for itself, what never starts."""

from collections.abc import Iterator
from itertools import pairwise

from apps.runs.spec.document import Spec
from apps.runs.spec.steps import DecisionStep, Goto


def name_errors(spec: Spec) -> Iterator[tuple[str, str]]:
    """Names that stand twice, and names of no step."""
    seen: set[str] = set()
    for step in spec.steps:
        if step.name in seen:
            yield f"steps.{step.name}.name", "another step has this name; names are unique"
        seen.add(step.name)
    for step in spec.steps:
        for name in step.needs or ():
            if name not in spec.by_name:
                yield f"steps.{step.name}.needs", f"there is no step `{name}`"
        if isinstance(step.on_failure, Goto) and step.on_failure.goto not in spec.by_name:
            yield f"steps.{step.name}.on_failure", f"there is no step `{step.on_failure.goto}`"
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


def cycle_errors(spec: Spec) -> Iterator[tuple[str, str]]:
    """Steps that can never start because they wait, directly or not, for themselves."""
    left = {name: {n for n in needs if n in spec.by_name} for name, needs in spec.needs.items()}
    while ready := [name for name, needs in left.items() if not needs]:
        for name in ready:
            del left[name]
        for needs in left.values():
            needs.difference_update(ready)
    if len(spec.by_name) < len(spec.steps):
        return
    for name in left:
        if name in spec.upstream(name):
            yield (
                f"steps.{name}.needs",
                f"the step waits for itself ({_circle(spec, name)}); break the cycle. A step "
                "without `needs` needs the one before it, one that a decision lists needs the "
                "decision, and the `goto` of an on_failure needs the step that may fail",
            )


def _circle(spec: Spec, name: str) -> str:
    """The shortest way on which the step needs itself: `a needs b, b needs a`."""
    came: dict[str, str] = {}
    pending = [name]
    for step in pending:
        for need in spec.needs.get(step, ()):
            if need == name:
                way = [step]
                while way[0] != name:
                    way.insert(0, came[way[0]])
                return ", ".join(f"`{a}` needs `{b}`" for a, b in pairwise((*way, name)))
            if need not in came:
                came[need] = step
                pending.append(need)
    return f"`{name}` needs `{name}`"


def reach_errors(spec: Spec) -> Iterator[tuple[str, str]]:
    """Steps that never start: a decision lists them on one way, and all they need on others."""
    ways = {
        decision.name: {
            step: {way.name for way in decision.ways if step in way.next} for step in spec.by_name
        }
        for decision in spec.steps
        if isinstance(decision, DecisionStep)
    }
    for name, needs in spec.needs.items():
        for decision, taken in ways.items():
            others = [need for need in needs if need in taken and need != decision]
            mine = taken[name]
            if mine and others and all(taken[n] and not taken[n] & mine for n in others):
                yield (
                    f"steps.{name}.needs",
                    f"it never starts: `{decision}` takes it on other ways than what it needs",
                )
