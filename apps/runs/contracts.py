"""Values and errors that cross the border of runs."""

from typing import Any, ClassVar

from agentplatform.core.errors import Conflict, InvalidInput


class InvalidSpec(InvalidInput):
    """A task definition that cannot run. `errors` maps a path such as steps.report.prompt to
    sentences."""

    code: ClassVar[str] = "invalid_spec"

    def __init__(self, errors: dict[str, list[str]]) -> None:
        count = sum(len(messages) for messages in errors.values())
        super().__init__(
            f"The spec has {count} error{'s' if count != 1 else ''}; see `errors`.", errors=errors
        )


class InvalidRunInput(InvalidInput):
    """The input breaks the task's input schema. `errors` maps a path to sentences."""

    code: ClassVar[str] = "invalid_input"

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("The input does not satisfy the task's input schema.", errors=errors)


class IdempotencyMismatch(Conflict):
    """The Idempotency-Key was used before with another request."""

    code: ClassVar[str] = "idempotency_mismatch"


class RunFinished(Conflict):
    """The run is over: what was asked for needs a run in flight."""

    code: ClassVar[str] = "run_finished"


Json = dict[str, Any]
