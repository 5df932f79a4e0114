"""A crew: several agents that share the tasks of one step."""

from typing import Any, Literal

from pydantic import Field

from apps.runs.spec.fields import Node
from apps.runs.spec.steps import GraphStep, PersonModel, StepName
from apps.runs.spec.tools import OfferedTool, Tools, name_of


class CrewMember(Node):
    """One agent of a crew. Its texts are templates."""

    name: StepName
    role: str = Field(min_length=1, max_length=2000, description="What the agent is.")
    goal: str = Field(min_length=1, max_length=10_000, description="What it wants to reach.")
    backstory: str = Field("", max_length=20_000, description="What shapes how it works.")
    tools: Tools = ()
    model: PersonModel = None


class CrewManager(Node):
    """Who hands out the work of a hierarchical crew. Its texts are templates."""

    role: str = Field(
        "the manager of a crew", min_length=1, max_length=2000, description="What the manager is."
    )
    goal: str = Field(
        "Have each task done well by the coworkers best suited to it, and answer with the result.",
        min_length=1,
        max_length=10_000,
        description="What the manager wants to reach.",
    )
    backstory: str = Field("", max_length=20_000, description="What shapes how it manages.")
    model: PersonModel = None


class CrewTask(Node):
    """One piece of a crew's work. Its texts are templates."""

    name: StepName
    description: str = Field(min_length=1, description="What is to be done.")
    expected_output: str = Field(min_length=1, description="What the answer must be.")
    agent: StepName | None = Field(
        None, description="Who does it. A hierarchical crew may leave that to its manager."
    )
    context: tuple[StepName, ...] | None = Field(
        None,
        max_length=100,
        description="Earlier tasks whose results it is told. Left out: all of them.",
    )
    response_schema: dict[str, Any] | None = Field(
        None,
        description="A JSON schema; the task's result is then the decoded object. Strings in it "
        "are templates.",
    )


class CrewStep(GraphStep):
    """Several agents with roles, and tasks that they do one after the other."""

    kind: Literal["crew"]
    agents: tuple[CrewMember, ...] = Field(
        min_length=1, max_length=20, description="Who works in the crew."
    )
    tasks: tuple[CrewTask, ...] = Field(
        min_length=1, max_length=50, description="What is to be done, in this order."
    )
    process: Literal["sequential", "hierarchical"] = Field(
        "sequential",
        description="`sequential`: each task is done by its agent. `hierarchical`: by a manager "
        "who hands work to the agents, several at once if it likes, and answers for the task.",
    )
    manager: CrewManager | None = Field(
        None, description="Of a hierarchical crew; left out: a plain one."
    )
    max_turns: int = Field(
        10, ge=1, le=100, description="Model calls of each agent in each task at most."
    )

    @property
    def all_tools(self) -> tuple[OfferedTool, ...]:
        """Every tool that one of the agents may call; those that share a name are the same."""
        tools = {name_of(tool): tool for agent in self.agents for tool in agent.tools}
        return tuple(tools.values())
