"""The rate limits that hold for a call, as the row of each and the platform's defaults say."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID

import structlog
from django.conf import settings

from agentplatform.core.connections import brief_connection
from agentplatform.core.tenancy import tenant_scope
from apps.tenants.contracts import (
    EACH_USER,
    OWN_RATE,
    Caller,
    OwnedRate,
    Rate,
    RateKind,
    RateOwner,
    Rates,
)
from apps.tenants.models import RateLimit
from apps.tenants.services.rate_limit import rate_of

LIFETIME_SECONDS = 5.0
PATIENCE_SECONDS = 0.2
PATIENCE_WHEN_KNOWN_SECONDS = 0.05
SIZE = 4096

log = structlog.get_logger("limits")


class RateBook:
    """The rates of callers, each known for LIFETIME_SECONDS. Belongs to the event loop that uses
    it. With the database away the last ones known hold on, and where none are the defaults."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._known: OrderedDict[Caller, tuple[float, Rates]] = OrderedDict()
        self._reading: dict[Caller, asyncio.Task[Rates | None]] = {}

    async def read(self, caller: Caller) -> Rates:
        """Those that limit anything: the tenant's, the user's, the key's. The same object until
        something has changed."""
        held = self._known.get(caller)
        if held is not None and self._monotonic() < held[0]:
            return held[1]
        rates = await self._reread(caller)
        if held is not None and held[1] == rates:
            rates = held[1]
        self._known[caller] = self._monotonic() + LIFETIME_SECONDS, rates
        self._known.move_to_end(caller)
        if len(self._known) > SIZE:
            self._known.popitem(last=False)
        return rates

    async def _reread(self, caller: Caller) -> Rates:
        reading = self._reading.get(caller)
        if reading is None:
            reading = self._reading[caller] = asyncio.create_task(self._try(caller))
        held = self._known.get(caller)
        patience = PATIENCE_WHEN_KNOWN_SECONDS if held else PATIENCE_SECONDS
        done, _ = await asyncio.wait({reading}, timeout=patience)
        rates = reading.result() if done else None
        if rates is not None:
            return rates
        return held[1] if held else rates_of(caller, {})

    async def _try(self, caller: Caller) -> Rates | None:
        """None when the database does not tell."""
        try:
            return await asyncio.to_thread(_read, caller)
        except Exception as error:
            log.warning("rate_limits.not_read", tenant_id=str(caller.tenant_id), error=str(error))
            return None
        finally:
            del self._reading[caller]


def rates_of(caller: Caller, own: dict[RateOwner, Rate]) -> Rates:
    """Those that limit anything, of the tenant's own rates and the platform's defaults."""
    tenant = own.get(OWN_RATE) or default_rate(OWN_RATE)
    found: list[tuple[RateKind, UUID, Rate]] = [("tenant", caller.tenant_id, tenant)]
    if caller.user_id is not None:
        rate = own.get(RateOwner(user_id=caller.user_id)) or own.get(EACH_USER)
        rate = rate or default_rate(EACH_USER)
        found.append(("user", caller.user_id, rate))
    if caller.api_key_id is not None and (key := own.get(RateOwner(api_key_id=caller.api_key_id))):
        found.append(("key", caller.api_key_id, key))
    return tuple(
        OwnedRate(tenant_id=caller.tenant_id, kind=kind, owner_id=owner_id, rate=rate)
        for kind, owner_id, rate in found
        if rate.is_limited
    )


def default_rate(owner: RateOwner) -> Rate:
    """What holds for an owner of whom nothing is said. A key has no limit beside its user's."""
    if owner.api_key_id is not None:
        return Rate(requests_per_minute=None, tokens_per_minute=None)
    platform = settings.PLATFORM
    is_tenant = owner == OWN_RATE
    requests = (
        platform.tenant_requests_per_minute if is_tenant else platform.user_requests_per_minute
    )
    return Rate(requests_per_minute=requests or None, tokens_per_minute=None)


def _read(caller: Caller) -> Rates:
    with brief_connection(), tenant_scope(caller.tenant_id):
        rows = RateLimit.objects.filter(tenant_id=caller.tenant_id)
        general = rows.filter(user=None, api_key=None)
        own_rows = general
        if caller.user_id is not None:
            own_rows = own_rows | rows.filter(user_id=caller.user_id)
        if caller.api_key_id is not None:
            own_rows = own_rows | rows.filter(api_key_id=caller.api_key_id)
        own = {
            RateOwner(
                user_id=row.user_id, api_key_id=row.api_key_id, is_each_user=row.is_each_user
            ): rate_of(row)
            for row in own_rows
        }
    return rates_of(caller, own)
