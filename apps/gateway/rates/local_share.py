"""What this process gives out of rate limits by itself, while Valkey is away."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from apps.gateway.rates.counts import Count, SlidingWindow, TokenBucket
from apps.gateway.rates.decision import Decision, Quota, Refusal, Unit
from apps.tenants.contracts import OwnedRate, Rates

SIZE: Final = 10_000
"""Counts that are kept; the one that was not asked for longest gives way."""


@dataclass(frozen=True, slots=True)
class _Limit:
    """One limit of a call, this process's part of it, and the amount that the call takes."""

    owned: OwnedRate
    unit: Unit
    count: Count
    part: int
    amount: int


class LocalShare:
    """Counts in memory. All of a call's limits have room for it, or nothing is counted."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, Unit], Count] = OrderedDict()

    def take(self, rates: Rates, *, tokens: int, share: float, now_ms: float) -> Decision:
        """Of each limit this process gives out `share`, at least one. A call that needs more tokens
        than the share, but not than the limit, takes the whole share."""
        limits = list(self._limits(rates, tokens, share))
        refusal = _refusal(limits, tokens, now_ms)
        if refusal is None:
            for one in limits:
                one.count.take(one.amount, limit=one.part, now=now_ms)
        return Decision(
            rates,
            refusal=refusal,
            requests=_quota(limits, "requests", now_ms),
            tokens=_quota(limits, "tokens", now_ms),
        )

    def _limits(self, rates: Rates, tokens: int, share: float) -> Iterator[_Limit]:
        for owned in rates:
            of_unit: tuple[tuple[Unit, int | None, int], ...] = (
                ("requests", owned.rate.requests_per_minute, 1),
                ("tokens", owned.rate.tokens_per_minute, tokens),
            )
            for unit, limit, amount in of_unit:
                if limit is not None:
                    part = max(1, int(limit * share))
                    count = self._count(owned, unit)
                    yield _Limit(owned, unit, count, part, min(amount, part))

    def _count(self, owned: OwnedRate, unit: Unit) -> Count:
        key = (owned.key, unit)
        count = self._counts.get(key)
        if count is None:
            is_bucket = owned.rate.algorithm == "token_bucket"
            count = self._counts[key] = TokenBucket() if is_bucket else SlidingWindow()
            if len(self._counts) > SIZE:
                self._counts.popitem(last=False)
        self._counts.move_to_end(key)
        return count


def _refusal(limits: Sequence[_Limit], tokens: int, now_ms: float) -> Refusal | None:
    longest: Refusal | None = None
    for one in limits:
        whole = one.owned.rate.tokens_per_minute
        if one.unit == "tokens" and whole is not None and tokens > whole:
            return Refusal(one.owned, one.unit, None, tokens)
        wait_ms = one.count.wait(one.amount, limit=one.part, now=now_ms) or 0.0
        if wait_ms > 1000 * ((longest and longest.retry_after_seconds) or 0.0):
            longest = Refusal(one.owned, one.unit, wait_ms / 1000, one.amount)
    return longest


def _quota(limits: Sequence[_Limit], unit: Unit, now_ms: float) -> Quota | None:
    quotas = []
    for one in limits:
        if one.unit == unit:
            left, whole_ms = one.count.left(limit=one.part, now=now_ms)
            quotas.append(Quota(one.part, left, whole_ms / 1000))
    return min(quotas, key=lambda quota: quota.remaining, default=None)
