"""The kinds of step that the engine takes by itself: waiting for a time, a person, another run."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from apps.runs.spec.steps import MONTH_SECONDS, StepBase


class WaitStep(StepBase):
    """Waits for a time, or for POST /runs/{id}/steps/{name}/signal."""

    kind: Literal["wait"]
    seconds: float | str | None = Field(
        None, description="How long to wait: a number, or a template that gives one."
    )
    signal: bool = Field(False, description="True waits for a signal instead.")
    on_timeout: Literal["fail", "continue"] = Field(
        "fail", description="When no signal came within timeout_seconds."
    )

    @property
    def deadline_seconds(self) -> None:
        """Its time is a part of the wait."""
        return None

    @model_validator(mode="after")
    def _one_of_two(self) -> "WaitStep":
        if (self.seconds is None) is not self.signal:
            raise ValueError("give either `seconds` or `signal: true`")
        if isinstance(self.seconds, float | int) and not 0 < self.seconds <= MONTH_SECONDS:
            raise ValueError(f"`seconds` is above 0 and at most {MONTH_SECONDS}")
        return self


class ApprovalStep(StepBase):
    """Waits for a person: POST /runs/{id}/steps/{name}/approve or /reject."""

    kind: Literal["approval"]
    question: str = Field(
        min_length=1,
        max_length=10_000,
        description="A template; what it gives has at most 100,000 characters.",
    )
    options: tuple[Annotated[str, StringConstraints(min_length=1, max_length=100)], ...] = Field(
        (), max_length=50, description="What the person may choose from; empty: yes or no."
    )
    on_reject: Literal["fail", "continue"] = Field(
        "fail", description="What a rejection does to the step; `continue` leaves it to `when`."
    )
    on_timeout: Literal["fail", "approve", "reject"] = Field(
        "fail", description="When nobody has answered within timeout_seconds."
    )

    @property
    def deadline_seconds(self) -> None:
        """Its time is a part of the wait."""
        return None


class RunStep(StepBase):
    """Starts a run of another task and waits for its output."""

    kind: Literal["run"]
    task: str = Field(min_length=1, max_length=200, description="The task's name; a template.")
    input: dict[str, Any] = Field(
        default_factory=dict, description="The run's input; strings in it are templates."
    )
    token_budget: int | None = Field(
        None, ge=1, description="Of its own; what it uses counts for this run's budget too."
    )
