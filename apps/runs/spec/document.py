"""A task version's spec as a whole."""

from functools import cached_property
from typing import Any

from pydantic import Field

from apps.runs.spec.steps import DecisionStep, Node, Retry, SpecStep

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
        """For each step, the steps that must be over first: those it names (or the one before it)
        and the decisions that list it in a branch."""
        found: dict[str, tuple[str, ...]] = {}
        for position, step in enumerate(self.steps):
            before = (self.steps[position - 1].name,) if position else ()
            named = before if step.needs is None else step.needs
            found[step.name] = tuple(dict.fromkeys((*named, *self.deciders.get(step.name, ()))))
        return found

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
