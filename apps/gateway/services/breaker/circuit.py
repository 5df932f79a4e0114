"""One circuit in memory; it has no clock."""

from apps.gateway.services.breaker.rules import (
    BUCKETS,
    CLOSED,
    HALF_OPEN,
    OPEN,
    PROBE_MS,
    Cause,
    Change,
    News,
    Rules,
    View,
)


class Circuit:
    """Times are milliseconds of any clock that never goes back."""

    def __init__(self) -> None:
        self._buckets: dict[int, tuple[int, int, int]] = {}
        self._open_until: int | None = None
        self._cause: Cause = ""
        self._prober = ""
        self._prober_until = 0

    def take(self, news: News, *, rules: Rules, at: int) -> View:
        """Take the news in. Calls that end while the circuit is not closed do not count: they
        began before, and the probe decides."""
        change = self._hear_prober(news, rules, at)
        if self._open_until is None and news.calls:
            self._count(news, rules, at)
            if news.failures or news.refusals:
                change = self._judge(rules, at) or change
        return self.view(at=at, change=change)

    def claim(self, owner: str, *, at: int) -> View | None:
        """As Circuits.claim says."""
        now = self.view(at=at)
        if now.state != HALF_OPEN or now.is_probed:
            return now
        self._prober, self._prober_until = owner, at + PROBE_MS
        return None

    def open(self, cause: Cause, *, until: int) -> None:
        """Leave it alone until then."""
        self._buckets.clear()
        self._open_until, self._cause = until, cause

    def view(self, *, at: int, change: Change = "") -> View:
        """What it is at that time."""
        if self._open_until is None:
            return View(state=CLOSED, change=change)
        left = max(0, self._open_until - at)
        return View(
            state=OPEN if left else HALF_OPEN,
            left_ms=left,
            cause=self._cause,
            is_probed=at < self._prober_until,
            change=change,
        )

    def _hear_prober(self, news: News, rules: Rules, at: int) -> Change:
        if not news.owner or news.owner != self._prober or at >= self._prober_until:
            return ""
        if news.probe == "held":
            self._prober_until = at + PROBE_MS
            return ""
        self._prober, self._prober_until = "", 0
        if news.probe == "good":
            self._open_until, self._cause = None, ""
            return "closed"
        if news.probe == "outage" or news.probe == "account":
            self.open(news.probe, until=at + rules.open_ms)
            return "kept_open"
        return ""

    def _count(self, news: News, rules: Rules, at: int) -> None:
        current = at // rules.bucket_ms
        for number in [one for one in self._buckets if one <= current - BUCKETS]:
            del self._buckets[number]
        calls, failures, refusals = self._buckets.get(current, (0, 0, 0))
        self._buckets[current] = (
            calls + news.calls,
            failures + news.failures,
            refusals + news.refusals,
        )

    def _judge(self, rules: Rules, at: int) -> Change:
        calls, failures, refusals = map(sum, zip(*self._buckets.values(), strict=True))
        cause = rules.opening(calls=calls, failures=failures, refusals=refusals)
        if not cause:
            return ""
        self.open(cause, until=at + rules.open_ms)
        return "opened"
