"""How a tool call ends that nobody may repeat."""

from agentplatform.calls.contracts import CallFailure

OUTCOME_UNKNOWN = CallFailure(
    code="outcome_unknown",
    detail="The worker was lost during a call that must not be repeated; "
    "check at its receiver whether it took effect.",
    is_retryable=False,
)
