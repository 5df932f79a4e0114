"""Rate limits: whether a call may go on now, of all that hold for it together."""

import time

from django.conf import settings

from agentplatform.telemetry.metrics import LLM_RATE_LIMIT_HITS, tenant_label
from apps.gateway.rates.decision import UNLIMITED, Decision
from apps.gateway.rates.local_share import LocalShare
from apps.gateway.rates.valkey_counts import Taking, ValkeyCounts
from apps.tenants.contracts import Caller, Rates
from apps.tenants.facade import RateBook


class RateLimits:
    """Counted in Valkey for all processes; while it is away each gives out its share by itself.
    Belongs to the event loop that uses it."""

    def __init__(self) -> None:
        self._book = RateBook()
        self._counts = ValkeyCounts(settings.REDIS_URL)
        self._share = LocalShare()

    async def read(self, caller: Caller) -> Rates:
        """The rates that hold for a call of the caller; none: nothing limits it."""
        return await self._book.read(caller)

    async def take(self, rates: Rates, *, tokens: int) -> Decision:
        """Count one request and the tokens that the call may use, or refuse it and count nothing.
        `tokens` matters only if has_token_limit(rates). Asks Valkey once, together with all that
        ask meanwhile; raises nothing and takes a quarter of a second at most."""
        if not rates:
            return UNLIMITED
        decision = await self._counts.take(Taking(rates, tokens))
        if decision is None:
            decision = self._share.take(
                rates, tokens=tokens, share=self._part(), now_ms=time.monotonic() * 1000
            )
        if not decision.is_admitted:
            LLM_RATE_LIMIT_HITS.labels(tenant_id=tenant_label(rates[0].tenant_id)).inc()
        return decision

    def correct(self, decision: Decision, *, tokens: int) -> None:
        """A call that was admitted has used these tokens in fact. Does not wait."""
        self._counts.correct(decision, tokens=tokens)

    async def close(self) -> None:
        """Give the connection up; the next call makes a new one."""
        await self._counts.close()

    def _part(self) -> float:
        processes = self._counts.processes
        return 1 / processes if processes else float(settings.PLATFORM.rate_limit_local_share)
