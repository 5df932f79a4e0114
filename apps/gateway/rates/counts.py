"""The sliding window and the token bucket of one limit, in this process. take.lua counts the same
way in Valkey."""

from collections import deque
from typing import Protocol

SPAN_MS = 60_000
WIDTH_MS = 2_000
KEPT = SPAN_MS // WIDTH_MS
EPSILON_MS = 0.01


class Count(Protocol):
    """What was taken of one limit. `now` is in milliseconds, of a clock that does not go back."""

    def wait(self, amount: int, *, limit: int, now: float) -> float | None:
        """The milliseconds until `amount` may be taken, 0 for none; None: never."""

    def take(self, amount: int, *, limit: int, now: float) -> None: ...

    def left(self, *, limit: int, now: float) -> tuple[int, float]:
        """How much may be taken, and in how many milliseconds all of it."""


class SlidingWindow:
    """Counts in marks of WIDTH_MS, and a mark until nothing in it is younger than SPAN_MS: within
    no SPAN_MS is more than the limit taken, and what was taken is free again after SPAN_MS to
    SPAN_MS + WIDTH_MS."""

    def __init__(self) -> None:
        self._marks: deque[list[int]] = deque()
        self._used = 0

    def wait(self, amount: int, *, limit: int, now: float) -> float | None:
        self._forget(now)
        over = self._used + amount - limit
        if over <= 0:
            return 0
        for number, taken in self._marks:
            over -= taken
            if over <= 0:
                return (number + KEPT + 1) * WIDTH_MS - now
        return None

    def take(self, amount: int, *, limit: int, now: float) -> None:  # noqa: ARG002  as a bucket
        number = int(now // WIDTH_MS)
        if not self._marks or self._marks[-1][0] != number:
            self._marks.append([number, 0])
        self._marks[-1][1] += amount
        self._used += amount

    def left(self, *, limit: int, now: float) -> tuple[int, float]:
        self._forget(now)
        whole = next((mark[0] for mark in reversed(self._marks) if mark[1]), None)
        free_in = 0 if whole is None else (whole + KEPT + 1) * WIDTH_MS - now
        return max(0, limit - self._used), free_in

    def _forget(self, now: float) -> None:
        oldest = int(now // WIDTH_MS) - KEPT
        while self._marks and self._marks[0][0] < oldest:
            self._used -= self._marks.popleft()[1]


class TokenBucket:
    """Fills evenly, and holds one limit: as much may be taken at once, and within any SPAN_MS at
    most twice that. Kept as the time at which it is full again: the generic cell rate algorithm."""

    def __init__(self) -> None:
        self._full_at = 0.0

    def wait(self, amount: int, *, limit: int, now: float) -> float | None:
        if amount > limit:
            return None
        wait = max(self._full_at, now) + amount * SPAN_MS / limit - SPAN_MS - now
        return 0 if wait <= EPSILON_MS else wait

    def take(self, amount: int, *, limit: int, now: float) -> None:
        self._full_at = max(self._full_at, now) + amount * SPAN_MS / limit

    def left(self, *, limit: int, now: float) -> tuple[int, float]:
        whole = max(0.0, self._full_at - now)
        return max(0, int((SPAN_MS - whole) * limit / SPAN_MS + EPSILON_MS)), whole
