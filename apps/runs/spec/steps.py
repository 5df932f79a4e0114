"""The kinds of step a spec may hold. Field descriptions are the published documentation."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from apps.runs.spec.fields import Expression, Node
from apps.runs.spec.tools import OfferedTool, ToolName, Tools

MONTH_SECONDS = 30 * 86_400

StepName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$"),
    Field(description="Lower-case letters, digits and underscores; unique in the spec."),
]
ModelAlias = Annotated[
    str, Field(description="A model alias that the gateway routes.", max_length=200)
]

PersonModel = Annotated[
    ModelAlias | None, Field(description="A model alias; left out: the step's.")
]


class Retry(Node):
    """When a step's attempt fails with a retryable error."""

    max_attempts: int = Field(5, ge=1, le=10, description="Attempts in all, the first included.")
    backoff: tuple[Annotated[float, Field(ge=0, le=3600)], ...] = Field(
        (0, 2, 4, 8, 16),
        min_length=1,
        max_length=10,
        description="Seconds to wait before each attempt, the first included; the last repeats.",
    )


class Goto(Node):
    """A step that makes good what was done, and what comes of the run then."""

    goto: StepName = Field(description="Runs only when a step that names it here has failed.")
    then: Literal["fail_run", "continue"] = Field(
        "fail_run",
        description="`fail_run`: everything else is cancelled, and the run fails once that step "
        "and those that need it are over. `continue`: only the steps that need the failed one are "
        "skipped.",
    )


class StepBase(Node):
    """What every step has."""

    name: StepName
    needs: tuple[StepName, ...] | None = Field(
        None,
        max_length=200,
        description="Steps that must be over before this one starts. Left out: the step listed "
        "before it. An empty list: starts with the run.",
    )
    when: Expression | None = Field(
        None, description="Skip the step unless this JMESPath expression is true."
    )
    retry: Retry | None = Field(None, description="Left out: the spec's default.")
    timeout_seconds: float | None = Field(
        None,
        gt=0,
        le=MONTH_SECONDS,
        description="How long the step may take, every attempt and every wait included; then it "
        "fails as `timeout`.",
    )
    on_failure: Literal["fail_run", "continue"] | Goto = Field(
        "fail_run", description="What a failed step does to the run."
    )

    @property
    def deadline_seconds(self) -> float | None:
        """After how long the engine gives the step up."""
        return self.timeout_seconds


class ModelStep(StepBase):
    """A step that calls models."""

    model: ModelAlias | None = Field(
        None, description="A model alias; left out: the spec's default."
    )
    max_tokens: int | None = Field(
        None, ge=1, le=200_000, description="Tokens of an answer at most. Left out: 1024."
    )
    temperature: float | None = Field(
        None, ge=0, le=2, description="Left out: the provider's own; not every model has one."
    )
    critical: bool = Field(True, description="False allows the local model as the last fallback.")
    stream: bool = Field(
        False,
        description="True sends the text of the step's model calls into the run's event stream "
        "while it comes.",
    )


class GraphStep(ModelStep):
    """A step that is a LangGraph graph of model calls and tool calls."""

    context_tokens: int | None = Field(
        None,
        ge=512,
        le=10_000_000,
        description="Tokens of one model call, the answer included; a longer conversation is "
        "shortened to it. Left out: the model's window, where it is known.",
    )
    needs_approval: tuple[ToolName, ...] = Field(
        (),
        max_length=32,
        description="Names of tools whose calls a person must approve first, with the arguments "
        "that the model gives. A rejection is told to the model.",
    )
    approval_timeout_seconds: float | None = Field(
        None,
        gt=0,
        le=MONTH_SECONDS,
        description="How long a person has to approve a call of such a tool; then it counts as "
        "rejected. Left out: no limit but the step's and the run's.",
    )


class LlmStep(ModelStep):
    """One model call."""

    kind: Literal["llm"]
    prompt: str = Field(min_length=1, description="The user message; a template.")
    system: str = Field("", description="The system message; a template.")
    response_schema: dict[str, Any] | None = Field(
        None,
        description="A JSON schema; the step's output is then the decoded object. Strings in it "
        "are templates, so that an `enum` can hold what earlier steps found.",
    )


class ToolStep(StepBase):
    """One tool call."""

    kind: Literal["tool"]
    tool: str = Field(min_length=1, max_length=100, description="The tool's name.")
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="The tool's arguments; strings in it are templates."
    )
    timeout_seconds: float = Field(
        60, gt=0, le=600, description="How long each call of the tool may take."
    )

    @property
    def deadline_seconds(self) -> None:
        """The call has its own limit; how long it may wait for a worker is not bounded."""
        return None


class AgentStep(GraphStep):
    """A LangGraph agent. `react` calls the model, runs the tools it asks for and loops."""

    kind: Literal["agent"]
    graph: str = Field(
        "react", max_length=63, description="`react`, or a graph that the operator has installed."
    )
    instructions: str = Field(min_length=1, description="The system message; a template.")
    prompt: str = Field(min_length=1, description="The first user message; a template.")
    tools: Tools = ()
    max_turns: int = Field(
        10, ge=1, le=100, description="Model calls at most; the last must answer."
    )
    min_turns: int = Field(
        0, ge=0, le=20, description="Model calls that must ask for tools before one may answer."
    )
    min_tool_calls: int = Field(
        1, ge=1, le=8, description="Tool calls asked for in each of those turns, in parallel."
    )
    response_schema: dict[str, Any] | None = Field(
        None,
        description="A JSON schema of the last answer, which is then decoded into the output's "
        "`value`; strings in it are templates. An answer that breaks it is asked for once more.",
    )

    @property
    def all_tools(self) -> tuple[OfferedTool, ...]:
        """Every tool that may be called."""
        return self.tools


class Way(Node):
    """One way out of a decision."""

    name: StepName = "else"
    next: tuple[StepName, ...] = Field(
        (), max_length=200, description="Steps that run only on this way."
    )


class Branch(Way):
    """A way that is taken when its condition is the first that is true."""

    name: StepName
    when: Expression


class DecisionStep(StepBase):
    """Takes the first branch whose condition is true; other branches' steps are skipped."""

    kind: Literal["decision"]
    branches: tuple[Branch, ...] = Field(
        min_length=1, max_length=20, description="Ways out, the first that holds is taken."
    )
    otherwise: Way = Field(
        default_factory=Way, alias="else", description="The way when no condition is true."
    )

    @property
    def ways(self) -> tuple[Way, ...]:
        """Every way out, the last one for when no condition is true."""
        return (*self.branches, self.otherwise)
