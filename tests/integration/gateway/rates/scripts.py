"""Callers with rates, and the script that counts on a clock set by hand."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import orjson

from apps.gateway.rates.valkey_counts import TAKE
from apps.tenants.contracts import OwnedRate, Rate, RateAlgorithm, Rates

BY_HAND = TAKE.replace("redis.call('TIME')", "{ARGV[2], 0}").replace(
    "clock[1] * 1000 + math.floor(clock[2] / 1000)", "tonumber(clock[1])"
)


def rates(
    requests: int | None = None,
    tokens: int | None = None,
    *,
    algorithm: RateAlgorithm = "sliding_window",
    tenant_id: UUID | None = None,
) -> Rates:
    """The rates of a call of a tenant of its own, which has one limit."""
    tenant_id = tenant_id or uuid4()
    rate = Rate(requests_per_minute=requests, tokens_per_minute=tokens, algorithm=algorithm)
    return (OwnedRate(tenant_id=tenant_id, kind="tenant", owner_id=tenant_id, rate=rate),)


@dataclass
class Script:
    """One count in Valkey, asked at times given by hand, in milliseconds."""

    algorithm: RateAlgorithm
    limit: int
    client: Any
    unit: str = "requests"
    key: str = field(default_factory=lambda: f"rates:test:{uuid4()}")

    def take(self, now: int, *, tokens: int = 0) -> int:
        """The milliseconds to wait; 0: taken."""
        return int(self._run(now, wishes=[[tokens, 1]])[1][0])

    def correct(self, now: int, *, taken_at: int, delta: int) -> None:
        self._run(now, corrections=[[1, taken_at, delta]])

    def left(self, now: int) -> int:
        """What is left, seen by a wish that is never granted."""
        answer = self._run(now, wishes=[[10**13, 1]])
        return int(answer[1][7])

    def _run(self, now: int, **asked: Any) -> Any:
        limits = [self.limit, -1] if self.unit == "requests" else [-1, self.limit]
        payload = {"wishes": [], "corrections": []} | asked
        payload["counts"] = [[int(self.algorithm == "token_bucket"), *limits]]
        return orjson.loads(self.client.eval(BY_HAND, 1, self.key, orjson.dumps(payload), now))
