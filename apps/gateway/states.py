"""How one provider attempt of a model call ends."""

ATTEMPT_SUCCESS = "success"
ATTEMPT_FAILED = "failed"
# Nobody can say whether the provider answered.
ATTEMPT_UNKNOWN = "unknown"
ATTEMPT_STATUSES = (ATTEMPT_SUCCESS, ATTEMPT_FAILED, ATTEMPT_UNKNOWN)
