"""Every kind of step, and the map, which holds one of them."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from apps.runs.spec.crew_steps import CrewStep
from apps.runs.spec.engine_steps import ApprovalStep, RunStep, WaitStep
from apps.runs.spec.fields import Expression
from apps.runs.spec.steps import AgentStep, DecisionStep, LlmStep, StepBase, ToolStep
from apps.runs.spec.tools import task_names

MAX_ITEMS = 10_000
"""How many items one map may have: each is a row."""

ItemStep = Annotated[
    LlmStep | ToolStep | AgentStep | CrewStep | RunStep, Field(discriminator="kind")
]


class MapStep(StepBase):
    """Takes one step for each item of a list, several at once; its output is in the list's order.

    Templates of the inner step see `item` and `index` too.
    """

    kind: Literal["map"]
    items: Expression | Annotated[tuple[Any, ...], Field(max_length=MAX_ITEMS)] = Field(
        description=f"JMESPath that gives a list, or the list itself; at most {MAX_ITEMS} items."
    )
    step: ItemStep = Field(
        description="What is done with each item; it has neither name, needs, when nor on_failure."
    )
    max_parallel: int = Field(10, ge=1, le=1000, description="Items worked on at the same time.")
    tolerated_failures: int = Field(
        0, ge=0, le=MAX_ITEMS, description="Items that may fail before the step fails."
    )

    @model_validator(mode="before")
    @classmethod
    def _name_the_inner_step(cls, given: Any) -> Any:
        """Items go by the map's own name."""
        if not isinstance(given, dict) or not isinstance(inner := given.get("step"), dict):
            return given
        surplus = [name for name in ("name", "needs", "when", "on_failure") if name in inner]
        if surplus and inner.get("name") != given.get("name"):
            raise ValueError(f"`step` takes no {', '.join(surplus)}; the map has them")
        return {**given, "step": {**inner, "name": given.get("name"), "needs": ()}}


SpecStep = Annotated[
    LlmStep
    | ToolStep
    | AgentStep
    | CrewStep
    | DecisionStep
    | WaitStep
    | ApprovalStep
    | RunStep
    | MapStep,
    Field(discriminator="kind"),
]


def starts_runs(step: SpecStep) -> bool:
    """Whether it may start other runs; of an operator's graph that is not known."""
    if isinstance(step, AgentStep | CrewStep) and task_names(step.all_tools):
        return True
    return isinstance(step, RunStep) or (isinstance(step, AgentStep) and step.graph != "react")
