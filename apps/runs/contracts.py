"""Values and errors that cross the border of runs."""

from itertools import islice
from typing import ClassVar, Final

from agentplatform.core.errors import Conflict, InvalidInput, PlatformError

MAX_PATHS: Final = 100
"""How many wrong places of a spec are told at once."""


class InvalidSpec(InvalidInput):
    """A task definition that cannot run. `errors` maps a path such as steps.report.prompt to
    sentences."""

    code: ClassVar[str] = "invalid_spec"

    def __init__(self, errors: dict[str, list[str]]) -> None:
        shown = {path: list(dict.fromkeys(errors[path])) for path in islice(errors, MAX_PATHS)}
        count = len(errors)
        where = "1 place is" if count == 1 else f"{count} places are"
        first = f"; `errors` tells the first {MAX_PATHS}" if count > MAX_PATHS else "; see `errors`"
        super().__init__(f"In the spec {where} wrong{first}.", errors=shown)


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


class NoSuchTask(InvalidInput):
    """A run step names a task that the tenant does not have."""

    code: ClassVar[str] = "no_such_task"


class TooDeep(InvalidInput):
    """A run step of a run that is itself nested as deep as may be."""

    code: ClassVar[str] = "too_deep"


class TooManyRuns(InvalidInput):
    """There are as many runs within a run as may be."""

    code: ClassVar[str] = "too_many_runs"


class TooMuchHeld(InvalidInput):
    """What the steps of a run hold would be more than RUN_OUTPUT_LIMIT_BYTES together."""

    code: ClassVar[str] = "output_too_large"


class OtherRelease(PlatformError):
    """Another release wrote what this process cannot read; a process of that release can. Nothing
    is failed for it: the work is left as it is."""

    code: ClassVar[str] = "other_release"
    status: ClassVar[int] = 503
    is_retryable: ClassVar[bool] = True
