"""What is left to spend, read for many calls at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from agentplatform.core.batches import Rest
from agentplatform.core.connections import brief_connection
from agentplatform.core.errors import PlatformError
from agentplatform.core.postgresql.base import SET_TENANT
from agentplatform.core.postgresql.group_commit import Connection, GroupCommit, execute
from agentplatform.core.tenancy import tenant_scope
from apps.tenants.contracts import Spending
from apps.tenants.selectors import SPENDING, spending_arguments, spending_of
from apps.tenants.services.require_active_tenant import STATUS, require_active
from apps.tenants.services.spending_accounts import open_spending


@dataclass(frozen=True, kw_only=True)
class Wish:
    tenant_id: UUID
    run_id: UUID | None
    user_id: UUID | None
    api_key_id: UUID | None
    at: datetime


Found = Spending | PlatformError


class Rooms:
    """Reads accounts in batches. Belongs to the event loop that uses it. `rest` is Batches'."""

    def __init__(self, *, rest: Rest | None = None) -> None:
        self._group: GroupCommit[Wish, Found] = GroupCommit(_read, rest=rest)

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
        wish = Wish(
            tenant_id=tenant_id, run_id=run_id, user_id=user_id, api_key_id=api_key_id, at=at
        )
        found = await self._group.ask(wish)
        if isinstance(found, PlatformError):
            raise found
        if found.is_whole:
            return found
        return await asyncio.to_thread(_open, wish)

    async def close(self) -> None:
        """Give the connection back; the next reading makes a new one."""
        await self._group.close()


async def _read(connection: Connection, wishes: Sequence[Wish]) -> list[Found]:
    """Each account is read once for all wishes that are alike."""
    distinct = list(dict.fromkeys(wishes))
    statements = []
    for wish in distinct:
        scope = {"tenant_id": str(wish.tenant_id)}
        accounts = spending_arguments(**vars(wish))
        statements += [(SET_TENANT, scope), (STATUS, scope), (SPENDING, accounts)]
    rows = await execute(connection, statements)
    found: dict[Wish, Found] = {}
    for number, wish in enumerate(distinct):
        _, status, accounts_of = rows[3 * number : 3 * number + 3]
        try:
            require_active(status[0]["status"] if status else None)
            found[wish] = spending_of(accounts_of)
        except PlatformError as error:
            found[wish] = error
    return [found[wish] for wish in wishes]


def _open(wish: Wish) -> Spending:
    with brief_connection(), tenant_scope(wish.tenant_id):
        return open_spending(**vars(wish))
