"""Who sends API keys, read for many requests at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from agentplatform.core.postgresql.group_commit import Connection, GroupCommit, execute
from apps.tenants.contracts import Principal
from apps.tenants.services.authenticate import remember_principal
from apps.tenants.services.authenticate_key import principal_of, statement_of

Row = dict[str, Any] | None


@dataclass(frozen=True)
class _Wish:
    raw: str = field(repr=False)
    at: datetime


class KeyReader:
    """Belongs to the event loop that uses it. Nobody waits longer than `wait_seconds`."""

    def __init__(self, *, wait_seconds: float) -> None:
        self._group: GroupCommit[_Wish, Row] = GroupCommit(_read, wait_seconds=wait_seconds)

    async def find(self, raw: str, *, at: datetime) -> Principal:
        """Who sends this key; known for a moment afterwards. Raises InvalidCredentials, and
        psycopg.Error when the database does not answer."""
        statement_of(raw=raw, at=at)
        principal, until = principal_of(await self._group.ask(_Wish(raw, at)), at=at)
        remember_principal(raw=raw, principal=principal, at=at, until=until)
        return principal

    async def close(self) -> None:
        """Give the connection back; the next key makes a new one."""
        await self._group.close()


async def _read(connection: Connection, wishes: Sequence[_Wish]) -> list[Row]:
    """Each key once, and in one order for everybody: when it was last used is written."""
    latest = {wish.raw: wish for wish in wishes}
    raws = sorted(latest)
    rows = await execute(connection, [statement_of(raw=raw, at=latest[raw].at) for raw in raws])
    found = {raw: one[0] if one else None for raw, one in zip(raws, rows, strict=True)}
    return [found[wish.raw] for wish in wishes]
