"""What an agent may offer to its model: tools, bound tools, and tasks of the tenant."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Final

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from apps.runs.spec.fields import Expression, Node

_CALLED: Final = r"^[a-zA-Z][a-zA-Z0-9_]{0,62}$"

ToolName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
CalledName = Annotated[str, StringConstraints(pattern=_CALLED)]


class BoundTool(Node):
    """A tool offered to an agent under a name and a schema of its own, bound to fixed arguments."""

    name: Annotated[CalledName, Field(description="What the model calls it.")]
    description: str = Field(max_length=2000, description="What the model is told it does.")
    parameters: dict[str, Any] | str = Field(
        description="JSON schema of what the model gives; strings in it are templates."
    )
    tool: str = Field(description="The tool that is called.")
    arguments: dict[str, Any] = Field(
        default_factory=dict,
        description="The tool's arguments; templates over {input, steps, run, args}, where args is "
        "what the model gave.",
    )
    show: Expression | None = Field(
        None,
        description="JMESPath over the tool's result: what the model is told of it. Left out: all. "
        "The step's output always holds the whole result.",
    )
    timeout_seconds: float = Field(
        60, gt=0, le=600, description="How long each call of the tool may take."
    )


class TaskTool(Node):
    """A task offered to an agent as a tool: each call starts a run of it within the agent's run.
    What the model gives is the run's input, held against the task's `inputs`; what it is told is
    the run's output, or why there is none."""

    task: str = Field(min_length=1, max_length=200, description="The task's name.")
    name: CalledName | None = Field(
        None,
        description="What the model calls it. Left out: the task's name, which must then be of "
        "letters, digits and underscores.",
    )
    description: str | None = Field(
        None,
        max_length=2000,
        description="What the model is told it does. Left out: the task's description.",
    )
    show: Expression | None = Field(
        None,
        description="JMESPath over the run's output: what the model is told of it. Left out: all.",
    )
    token_budget: int | None = Field(
        None,
        ge=1,
        description="Of each such run; what it uses counts for this run's budget too.",
    )

    @model_validator(mode="after")
    def _can_be_called(self) -> "TaskTool":
        if self.name is None and not re.fullmatch(_CALLED, self.task):
            raise ValueError("a model cannot call the task by its name; give it a `name`")
        return self


def _form(given: Any) -> str:
    """By which of its forms a tool is to be read."""
    if isinstance(given, TaskTool) or (isinstance(given, dict) and "task" in given):
        return "task"
    return "bound" if isinstance(given, BoundTool | dict) else "name"


OfferedTool = Annotated[
    Annotated[str, Tag("name")]
    | Annotated[BoundTool, Tag("bound")]
    | Annotated[TaskTool, Tag("task")],
    Discriminator(_form),
]
Tools = Annotated[
    tuple[OfferedTool, ...],
    Field(max_length=32, description="Names of tools, bound tools, and tasks; each by one name."),
]


def name_of(tool: OfferedTool) -> str:
    """What the model calls it."""
    if isinstance(tool, TaskTool):
        return tool.name or tool.task
    return tool.name if isinstance(tool, BoundTool) else tool


def task_names(tools: Iterable[OfferedTool]) -> frozenset[str]:
    """The tasks among them, by their own names."""
    return frozenset(tool.task for tool in tools if isinstance(tool, TaskTool))
