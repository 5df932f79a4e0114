"""Whether a request is sent again, and when: a decision, apart from who carries it out."""

from dataclasses import dataclass

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Sent twice, they do the same as sent once (RFC 9110, 9.2.2)."""

RETRIED_STATUSES = frozenset({429, 502, 503, 504})
FIRST_DELAY_SECONDS = 0.25
LONGEST_DELAY_SECONDS = 8.0


@dataclass(frozen=True)
class Patience:
    """How many more times a call may send a request again."""

    retries: int
    used: int = 0

    def delay(
        self,
        *,
        method: str,
        was_sent: bool,
        left_seconds: float,
        jitter: float,
        retry_after: float | None = None,
    ) -> float | None:
        """After how many seconds to send it again; None: not at all. `jitter` in [0, 1) spreads
        the delays of many callers. What did not leave may be sent again whatever its method."""
        if self.used >= self.retries or (was_sent and method not in IDEMPOTENT):
            return None
        backoff = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2**self.used)
        delay = backoff * (0.5 + jitter / 2)
        if retry_after is not None:
            delay += retry_after
        return delay if delay < left_seconds else None

    def spent(self) -> "Patience":
        return Patience(self.retries, self.used + 1)
