"""A task version's spec as a whole."""

from functools import cached_property
from typing import Any

from pydantic import Field, ValidationError

from apps.runs.contracts import OtherRelease
from apps.runs.spec.fields import Node
from apps.runs.spec.kinds import MapStep, SpecStep, starts_runs
from apps.runs.spec.steps import DecisionStep, Goto, Retry

_ANY_OBJECT = {"type": "object"}


class Defaults(Node):
    """What steps and runs use unless they say otherwise."""

    model: str = Field("default", max_length=200, description="A model alias.")
    token_budget: int | None = Field(
        None, ge=1, description="Tokens one run may use; none: no limit."
    )
    timeout_seconds: int = Field(3600, ge=1, le=30 * 86_400, description="How long a run may take.")
    retry: Retry = Field(default_factory=Retry, description="Of steps that have none.")


class Spec(Node):
    """Inputs, defaults and steps of a task. Immutable once saved as a version."""

    inputs: dict[str, Any] = Field(
        default_factory=lambda: dict(_ANY_OBJECT), description="JSON schema of a run's input."
    )
    defaults: Defaults = Field(
        default_factory=Defaults, description="Of steps and runs that say nothing else."
    )
    steps: tuple[SpecStep, ...] = Field(
        min_length=1, max_length=200, description="Each starts once those that it needs are over."
    )
    output: Any = Field(
        None,
        description="Template of the run's output. Left out: the outputs of the steps that no "
        "other step needs, by name.",
    )

    @cached_property
    def by_name(self) -> dict[str, SpecStep]:
        return {step.name: step for step in self.steps}

    @cached_property
    def needs(self) -> dict[str, tuple[str, ...]]:
        """For each step, the steps that must be over first: those it names (or the one before it),
        the decisions that list it in a branch, and the steps whose failure it makes good."""
        found: dict[str, tuple[str, ...]] = {}
        for position, step in enumerate(self.steps):
            failing = self.made_good_by.get(step.name, ())
            before = (self.steps[position - 1].name,) if position and not failing else ()
            named = before if step.needs is None else step.needs
            deciders = self.deciders.get(step.name, ())
            found[step.name] = tuple(dict.fromkeys((*named, *deciders, *failing)))
        return found

    @cached_property
    def made_good_by(self) -> dict[str, tuple[str, ...]]:
        """For each step that an `on_failure` goes to, the steps that go there."""
        found: dict[str, tuple[str, ...]] = {}
        for step in self.steps:
            if isinstance(step.on_failure, Goto):
                target = step.on_failure.goto
                found[target] = (*found.get(target, ()), step.name)
        return found

    @cached_property
    def has_children(self) -> bool:
        """Whether a step of it may start other runs."""
        return any(starts_runs(self.step_of(step.name, 0)) for step in self.steps)

    @cached_property
    def has_streams(self) -> bool:
        """Whether the text of a step's model calls can be followed."""
        return any(getattr(self.step_of(step.name, 0), "stream", False) for step in self.steps)

    def upstream(self, name: str) -> set[str]:
        """Every step that is over before `name` starts (itself too, in a cycle)."""
        found: set[str] = set()
        pending = list(self.needs.get(name, ()))
        while pending:
            need = pending.pop()
            if need not in found:
                found.add(need)
                pending.extend(self.needs.get(need, ()))
        return found

    def downstream(self, name: str) -> frozenset[str]:
        """The step and every step that needs it, directly or not."""
        found = {name}
        grown = True
        while grown:
            more = {step for step, needs in self.needs.items() if found & set(needs)} - found
            found |= more
            grown = bool(more)
        return frozenset(found)

    def step_of(self, name: str, item_index: int) -> SpecStep:
        """What the row of this name does: the step, or for an item of a map the step inside."""
        step = self.by_name[name]
        return step.step if isinstance(step, MapStep) and item_index >= 0 else step

    @cached_property
    def deciders(self) -> dict[str, tuple[str, ...]]:
        """For each step that a branch lists, the decisions that do."""
        found: dict[str, tuple[str, ...]] = {}
        for step in self.steps:
            if isinstance(step, DecisionStep):
                for name in dict.fromkeys(name for way in step.ways for name in way.next):
                    found[name] = (*found.get(name, ()), step.name)
        return found

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """Steps that no other step needs."""
        needed = {name for names in self.needs.values() for name in names}
        return tuple(step.name for step in self.steps if step.name not in needed)


def read_spec(saved: dict[str, Any]) -> Spec:
    """A spec that was checked when its version was saved. Raises OtherRelease for one that this
    release does not know how to read."""
    try:
        return Spec.model_validate(saved)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise OtherRelease(
            f"This release cannot read the task's spec ({where}: {first['msg']});"
            " the one that wrote it can."
        ) from error
