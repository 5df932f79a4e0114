"""What may follow what in the life of a call, and when a lost one is given up."""

from agentplatform.core.state_machine import StateMachine

QUEUED = "QUEUED"
RUNNING = "RUNNING"
SUCCESS = "SUCCESS"
FAILED = "FAILED"
CANCELLED = "CANCELLED"

CALL = StateMachine(
    "call",
    {
        QUEUED: frozenset({RUNNING, CANCELLED}),
        # RUNNING again: another worker takes over a call whose lease has expired.
        # QUEUED again: a rate limit has it wait.
        RUNNING: frozenset({RUNNING, QUEUED, SUCCESS, FAILED, CANCELLED}),
        SUCCESS: frozenset(),
        FAILED: frozenset(),
        CANCELLED: frozenset(),
    },
)

MAX_EXECUTIONS = 3
