"""Why something became a dead letter."""

from enum import StrEnum


class Reason(StrEnum):
    """The first four are of messages; the last one is of steps and calls."""

    UNREADABLE = "unreadable"
    UNKNOWN_TASK = "unknown_task"
    INVALID_MESSAGE = "invalid_message"
    UNFIT_ARGUMENTS = "unfit_arguments"
    WORKER_LOST = "worker_lost"
