"""Failed attempts: after a few of them a subject has to wait, twice as long after each more."""

from collections.abc import Callable
from datetime import datetime
from math import ceil

import redis
import structlog
from django.utils.crypto import salted_hmac

from agentplatform.core.attempt_counters import Counters, Rule, process_counters, shared_counters
from agentplatform.core.errors import PlatformError

log = structlog.get_logger("attempts")


class TooManyAttempts(PlatformError):
    """Refused without a look at what was sent."""

    code = "too_many_requests"
    status = 429
    is_retryable = True

    def __init__(self, retry_after_seconds: int) -> None:
        seconds = "1 second" if retry_after_seconds == 1 else f"{retry_after_seconds} seconds"
        super().__init__(f"Too many failed attempts. Wait {seconds}, then try again.")
        self.retry_after_seconds = retry_after_seconds


class Attempts:
    """Counts the failures of a subject (an address, an email) under the name of what it tries.

    `limit` failures pass freely; the last of them, and each one after it, costs a wait of 1, 2, 4
    ... 60 seconds, during which nothing is counted. All is forgotten `window_seconds` after the
    last failure or the end of its wait.

    The counters are in Valkey, by keyed hash. While it does not answer they are in this process.
    """

    def __init__(self, name: str, *, limit: int, window_seconds: int) -> None:
        self._name = name
        self._rule = Rule(limit=limit, window_seconds=window_seconds)

    def failed(self, subject: str, at: datetime) -> int:
        """Count a failure and return 0; or, while the subject has to wait, only the seconds.

        Called before the attempt is verified and taken back by `succeeded`, it also bounds how many
        attempts are verified at the same time.
        """
        return self._ask(
            lambda counters, key: counters.add(key, at.timestamp(), self._rule), subject
        )

    def succeeded(self, subject: str) -> None:
        """Forget the subject's failures."""
        self._ask(lambda counters, key: counters.drop(key), subject)

    def _ask(self, question: Callable[[Counters, str], float], subject: str) -> int:
        key = f"attempts:{self._name}:{self._digest(subject)}"
        try:
            return ceil(question(shared_counters(), key))
        except redis.RedisError as error:
            log.warning("attempts.counted_in_process", name=self._name, error=str(error))
            return ceil(question(process_counters, key))

    def _digest(self, subject: str) -> str:
        return salted_hmac(self._name, subject, algorithm="sha256").hexdigest()[:32]
