"""Claims of calls, many in one round trip."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.calls.claim import claim_arguments, claim_sql
from agentplatform.core.batches import Rest
from agentplatform.core.postgresql.base import SETTING
from agentplatform.core.postgresql.group_commit import (
    COMMIT_LAZILY,
    Connection,
    GroupCommit,
    Statement,
    execute,
)
from apps.gateway.models import LlmCall
from apps.gateway.services.attempt import CallOwner, ClaimedCall

_SEE_TENANT = (
    f"select set_config('{SETTING}', tenant_of_llm_calls(%(call_id)s)::text, true) as tenant_id"
)
_COLUMNS = ("id", "tenant_id", "run_id", "step_id", "lease_token", "request")
_CLAIM = claim_sql(LlmCall, returning=", ".join(f"taken.{name}" for name in _COLUMNS))
_EACH = 2


@dataclass(frozen=True)
class Claimed:
    """`missed` are the calls that there is nothing to do for, of this tenant: they have ended, are
    held by somebody, are not due or were lost too often. `tenant_id` None: they are gone."""

    calls: tuple[ClaimedCall, ...]
    missed: tuple[UUID, ...]
    tenant_id: UUID | None


class Claims:
    """Belongs to the event loop that uses it. `rest` is Batches'."""

    def __init__(self, *, rest: Rest | None = None) -> None:
        self._group: GroupCommit[dict[str, Any], Claimed] = GroupCommit(_claim, rest=rest)

    async def claim(self, call_ids: Sequence[UUID], *, at: datetime) -> Claimed:
        """Take these calls, all of one tenant, with a fresh fencing token each. The first one's row
        says whose they are. The commit does not wait for the disk: a claim that a crash of the
        database undoes has no other effect. Raises psycopg.Error."""
        return await self._group.ask(claim_arguments(call_ids=call_ids, at=at))

    async def close(self) -> None:
        """Give the connection back; the next claim makes a new one."""
        await self._group.close()


async def _claim(connection: Connection, wishes: Sequence[dict[str, Any]]) -> list[Claimed]:
    statements: list[Statement] = []
    for wish in wishes:
        statements += [
            (_SEE_TENANT, {"call_id": wish["ids"][0]}),
            (_CLAIM, wish),
        ]
    rows = await execute(connection, [*statements, (COMMIT_LAZILY, ())])
    return [
        _claimed(wish, *rows[_EACH * number : _EACH * (number + 1)])
        for number, wish in enumerate(wishes)
    ]


def _claimed(
    wish: dict[str, Any], told: list[dict[str, Any]], rows: list[dict[str, Any]]
) -> Claimed:
    tenant_id = told[0]["tenant_id"]
    taken = {row["id"] for row in rows}
    return Claimed(
        calls=tuple(map(_call_of, rows)),
        missed=tuple(one for one in wish["ids"] if one not in taken),
        tenant_id=UUID(tenant_id) if tenant_id else None,
    )


def _call_of(row: dict[str, Any]) -> ClaimedCall:
    return ClaimedCall(
        owner=CallOwner(
            call_id=row["id"],
            tenant_id=row["tenant_id"],
            run_id=row["run_id"],
            step_id=row["step_id"],
        ),
        token=row["lease_token"],
        request=row["request"],
    )
