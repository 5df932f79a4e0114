"""What a graph may ask of the outside world: the values of its interrupts. docs/agents.md."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from agentplatform.core.errors import InvalidInput
from apps.gateway.contracts import Message, ToolSpec
from apps.runs.spec.steps import MONTH_SECONDS


class GraphError(InvalidInput):
    """The graph does what a graph may not do; its author must change it."""

    code = "graph_error"


class _Wish(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CompletionWish(_Wish):
    """A model call. `tools` are names of the step's tools, or tools that the graph itself answers
    for; left out: all of the step's. `model` left out: the step's. Answered by {text, tool_calls}.
    """

    kind: Literal["completion"]
    messages: tuple[Message, ...] = Field(min_length=1)
    tools: tuple[str | ToolSpec, ...] | None = None
    tool_choice: Literal["auto", "required", "none"] = "auto"
    model: str | None = None
    response_schema: dict[str, Any] | None = None


class ToolWish(_Wish):
    """A call of one of the step's tools, or of a task that it offers as one. Answered by
    {ok: true, output, shown?} or {ok: false, error}."""

    kind: Literal["tool"]
    name: str
    arguments: dict[str, Any]


class ApprovalWish(_Wish):
    """A question to a person, with `details` shown beside it. Answered by {decision: approved or
    rejected, option, comment, by, timed_out}; `on_timeout` says what nobody's answer counts as."""

    kind: Literal["approval"]
    question: str = Field(min_length=1, max_length=10_000)
    options: tuple[Annotated[str, StringConstraints(min_length=1, max_length=100)], ...] = Field(
        (), max_length=50
    )
    details: dict[str, Any] = Field(default_factory=dict)
    timeout_seconds: float | None = Field(None, gt=0, le=MONTH_SECONDS)
    on_timeout: Literal["approve", "reject"] = "reject"


class RunWish(_Wish):
    """A run of another task. Answered by {ok: true, output} or {ok: false, error}."""

    kind: Literal["run"]
    task: str = Field(min_length=1, max_length=200)
    input: dict[str, Any] = Field(default_factory=dict)
    token_budget: int | None = Field(None, ge=1)


class TaskCall(RunWish):
    """A call of a task that the step offers as a tool, of the version that the step pinned."""

    version_id: UUID


AskWish = ApprovalWish | RunWish
"""What neither a model nor a tool answers."""

Wish = CompletionWish | ToolWish | ApprovalWish | RunWish

_WISH: TypeAdapter[Wish] = TypeAdapter(Annotated[Wish, Field(discriminator="kind")])


def read_wish(value: Any) -> Wish:
    """The value of an interrupt. Raises GraphError saying what is wrong with it."""
    try:
        return _WISH.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise GraphError(
            f"The graph asks for what nobody can do: {where}: {first['msg']}"
        ) from None
