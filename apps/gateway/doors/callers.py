"""Who makes a request: found in memory, and every few seconds in the database."""

import asyncio
from typing import Final

import psycopg
from django.db import Error as DatabaseError

from agentplatform.core.clock import now
from agentplatform.core.connections import brief_connection
from apps.gateway.doors.refusals import Meaning, Refusal, unavailable
from apps.tenants.contracts import InvalidCredentials, Principal
from apps.tenants.facade import KeyReader, authenticate, is_token, known_principal, may

FIRST_PATIENCE_SECONDS: Final = 5.0
"""How long a request waits for a database that has not answered yet."""
_NO_KEY: Final = "Send your API key as 'Authorization: Bearer <key>', or as 'x-api-key: <key>'."

_AWAY: Final = "The database does not answer; try again."


class Callers:
    """Belongs to the event loop that uses it. A request waits `wait_seconds` to learn whose its
    key is."""

    def __init__(self, *, wait_seconds: float) -> None:
        self._wait_seconds = wait_seconds
        self._keys = KeyReader(wait_seconds=wait_seconds)
        self._asking: dict[str, asyncio.Task[Principal]] = {}
        self._patience_seconds = FIRST_PATIENCE_SECONDS

    async def find(self, raw: str) -> Principal:
        """Who sends this key or token, if they may call models. A key that is revoked or has
        expired, and one of a suspended tenant, is refused within seconds. Raises PlatformError and
        Refusal."""
        if not raw:
            raise InvalidCredentials(_NO_KEY)
        principal = known_principal(raw=raw, at=now())
        if principal is None:
            principal = await (self._ask(raw) if is_token(raw) else self._read(raw))
        if not may(principal, "gateway"):
            message = "This key may not call models: it lacks the right 'gateway'."
            raise Refusal(message, Meaning(403, "invalid_request_error", "missing_right"))
        return principal

    async def close(self) -> None:
        """Give the connection up; the next request makes a new one."""
        await self._keys.close()

    async def _read(self, raw: str) -> Principal:
        try:
            return await self._keys.find(raw, at=now())
        except (psycopg.Error, OSError) as error:
            raise unavailable(_AWAY) from error

    async def _ask(self, raw: str) -> Principal:
        """Once for all who ask at the same time."""
        asking = self._asking.get(raw)
        if asking is None:
            asking = self._asking[raw] = asyncio.create_task(asyncio.to_thread(_authenticate, raw))
            asking.add_done_callback(lambda _: self._asking.pop(raw, None))
        done, _ = await asyncio.wait({asking}, timeout=self._patience_seconds)
        if not done:
            raise unavailable(_AWAY)
        try:
            principal = asking.result()
        except (psycopg.Error, DatabaseError, OSError) as error:
            raise unavailable(_AWAY) from error
        self._patience_seconds = self._wait_seconds
        return principal


def _authenticate(raw: str) -> Principal:
    with brief_connection():
        return authenticate(raw=raw, at=now())
