"""What may follow what in the life of a model call, and when a lost one is given up."""

from agentplatform.core.state_machine import StateMachine

QUEUED = "QUEUED"
RUNNING = "RUNNING"
SUCCESS = "SUCCESS"
FAILED = "FAILED"
CANCELLED = "CANCELLED"

CALL = StateMachine(
    "model call",
    {
        QUEUED: frozenset({RUNNING, CANCELLED}),
        # RUNNING again: another worker takes over a call whose lease has expired.
        RUNNING: frozenset({RUNNING, SUCCESS, FAILED, CANCELLED}),
        SUCCESS: frozenset(),
        FAILED: frozenset(),
        CANCELLED: frozenset(),
    },
)

MAX_EXECUTIONS = 3

# How one provider attempt ended. UNKNOWN: nobody can say whether the provider answered.
ATTEMPT_SUCCESS = "success"
ATTEMPT_FAILED = "failed"
ATTEMPT_UNKNOWN = "unknown"
ATTEMPT_STATUSES = (ATTEMPT_SUCCESS, ATTEMPT_FAILED, ATTEMPT_UNKNOWN)
