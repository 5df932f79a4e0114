"""The accounts of callers, kept for a moment: a busy caller is not read for each of its calls."""

import asyncio
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from apps.gateway.services.attempt import Job
from apps.gateway.services.office import Office
from apps.tenants.contracts import AccountRoom

LIFETIME_SECONDS: Final = 1.0
"""So long a room may be told as it was. Nobody is refused for one that is kept: the pipeline reads
the accounts again before it refuses."""
MAX_CALLERS: Final = 10_000
_MONTHS_BEGIN_EVERY: Final = 900
"""In any time zone a month begins at a quarter of an hour: what is kept is not kept beyond one."""

Accounts = tuple[AccountRoom, ...]
Key = tuple[UUID, UUID | None, UUID | None, int]


class KnownRooms:
    """Belongs to the event loop that uses it."""

    def __init__(self, office: Office, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._office = office
        self._monotonic = monotonic
        self._known: dict[Key, tuple[float, Accounts]] = {}
        self._reading: dict[Key, asyncio.Task[Accounts]] = {}

    async def find(self, job: Job) -> Accounts:
        """The accounts that the call is booked on, as of LIFETIME_SECONDS ago at most. Raises
        PlatformError, and psycopg.Error."""
        key = _key(job)
        known = self._known.get(key)
        if known is not None and self._monotonic() - known[0] < LIFETIME_SECONDS:
            return known[1]
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = asyncio.create_task(self._read(key, job))
        return await asyncio.shield(reading)

    async def _read(self, key: Key, job: Job) -> Accounts:
        try:
            began = self._monotonic()
            accounts = await self._office.read_rooms(job)
        finally:
            del self._reading[key]
        self._known.pop(key, None)
        self._known[key] = (began, accounts)
        if len(self._known) > MAX_CALLERS:
            del self._known[next(iter(self._known))]
        return accounts


def _key(job: Job) -> Key:
    owner = job.owner
    quarter = int(job.at.timestamp()) // _MONTHS_BEGIN_EVERY
    return owner.tenant_id, owner.user_id, owner.api_key_id, quarter
