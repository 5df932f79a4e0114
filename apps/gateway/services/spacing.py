"""Keep calls that were admitted together from going on together."""

from typing import Final

LONGEST_STEP_SECONDS: Final = 0.0015
LEAST_STEP_SECONDS: Final = 0.0005
"""At more calls than one in twice this time the loop has no moment that is free of them."""
LONGEST_WAIT_SECONDS: Final = 0.016
MEMORY_CALLS: Final = 64
LONGEST_DISTANCE_SECONDS: Final = 0.2


class Spacing:
    """Clients that ask again as soon as they are answered fall into step: whose calls are admitted
    in one batch are answered at one time, ask again at one time, and each then waits for the work
    of all. A moment between the calls of a batch takes them out of step for good, and nobody waits
    once they are.

    The moment is half of the mean distance between the last calls, in bounds; of a crowd nobody
    waits for longer than LONGEST_WAIT_SECONDS. Times are seconds of a clock that never goes back.
    """

    def __init__(self) -> None:
        self._distance = LONGEST_DISTANCE_SECONDS
        self._last_at = self._free_at = 0.0

    def wait_seconds(self, at: float) -> float:
        """For how long the call that was admitted at `at` should wait."""
        distance = min(at - self._last_at, LONGEST_DISTANCE_SECONDS)
        self._distance += (distance - self._distance) / MEMORY_CALLS
        self._last_at = at
        if self._distance < 2 * LEAST_STEP_SECONDS:
            return 0.0
        self._free_at = min(max(self._free_at, at), at + LONGEST_WAIT_SECONDS)
        wait = self._free_at - at
        self._free_at += min(self._distance / 2, LONGEST_STEP_SECONDS)
        return wait
