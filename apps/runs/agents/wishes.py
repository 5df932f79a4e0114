"""What a graph may ask of the outside world: the values of its interrupts. docs/agents.md."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from agentplatform.core.errors import InvalidInput
from apps.gateway.contracts import Message, ToolSpec


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
    """A call of one of the step's tools. Answered by {ok: true, output, shown?} or
    {ok: false, error}."""

    kind: Literal["tool"]
    name: str
    arguments: dict[str, Any]


Wish = CompletionWish | ToolWish

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
