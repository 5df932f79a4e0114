"""What is left to spend, read for many calls at once."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from agentplatform.core.batches import Rest
from agentplatform.core.connections import brief_connection
from agentplatform.core.errors import PlatformError
from agentplatform.core.postgresql.base import SET_TENANT
from agentplatform.core.postgresql.group_commit import Connection, GroupCommit, Statement, execute
from agentplatform.core.tenancy import tenant_scope
from apps.tenants.contracts import Spending
from apps.tenants.selectors import SPENDING, Spender, spending_arguments, spending_of
from apps.tenants.services.open_spending import open_spending
from apps.tenants.services.require_active_tenant import STATUS, require_active

Found = Spending | PlatformError


class Rooms:
    """Reads accounts in batches. Belongs to the event loop that uses it. `rest` is Batches'. With
    `wait_seconds` nobody waits longer."""

    def __init__(self, *, rest: Rest | None = None, wait_seconds: float | None = None) -> None:
        self._group: GroupCommit[Spender, Found] = GroupCommit(
            _read, rest=rest, wait_seconds=wait_seconds
        )

    async def read(
        self,
        *,
        tenant_id: UUID,
        run_id: UUID | None,
        at: datetime,
        user_id: UUID | None = None,
        api_key_id: UUID | None = None,
    ) -> Spending:
        """Whom a call made at `at` is charged to, and every account that it is booked on; opens the
        month's on its first use. User and key are those of a call without a run; a run knows its
        own.

        Raises TenantInactive for a suspended or deleted tenant, NotFound for none, and
        psycopg.Error when the database does not answer.
        """
        spender = Spender(
            tenant_id=tenant_id, run_id=run_id, user_id=user_id, api_key_id=api_key_id, at=at
        )
        found = await self._group.ask(spender)
        if isinstance(found, PlatformError):
            raise found
        if found.is_whole:
            return found
        return await asyncio.to_thread(_open, spender)

    async def close(self) -> None:
        """Give the connection back; the next reading makes a new one."""
        await self._group.close()


async def _read(connection: Connection, spenders: Sequence[Spender]) -> list[Found]:
    """Each tenant's accounts are read by one statement."""
    by_tenant: dict[UUID, list[Spender]] = {}
    for spender in dict.fromkeys(spenders):
        by_tenant.setdefault(spender.tenant_id, []).append(spender)
    statements: list[Statement] = []
    for tenant_id, some in by_tenant.items():
        scope = {"tenant_id": str(tenant_id)}
        accounts = spending_arguments(tenant_id, some)
        statements += [(SET_TENANT, scope), (STATUS, scope), (SPENDING, accounts)]
    rows = await execute(connection, statements)
    found: dict[Spender, Found] = {}
    for number, some in enumerate(by_tenant.values()):
        _, status, accounts_of = rows[3 * number : 3 * number + 3]
        try:
            require_active(status[0]["status"] if status else None)
            found |= zip(some, spending_of(accounts_of, count=len(some)), strict=True)
        except PlatformError as error:
            found |= dict.fromkeys(some, error)
    return [found[spender] for spender in spenders]


def _open(spender: Spender) -> Spending:
    with brief_connection(), tenant_scope(spender.tenant_id):
        return open_spending(spender)
