"""Calls that a rate limit has wait: given back, to be taken again when there is likely room."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from agentplatform.calls.states import CALL, QUEUED
from agentplatform.core.postgresql.base import SET_TENANT
from agentplatform.core.postgresql.group_commit import (
    COMMIT_LAZILY,
    Connection,
    GroupCommit,
    Statement,
    execute,
)
from apps.gateway.rates.decision import Refusal
from apps.gateway.services.attempt import ClaimedCall

LONGEST_WAIT_SECONDS: Final = 300
"""Then a call asks again, however many are before it: they may have been cancelled, the limit been
raised."""
_SOURCES = ", ".join(f"'{status}'" for status in sorted(CALL.sources_of(QUEUED)))

# Calls wait in the order of their age behind those that the same limit has wait, at the pace of the
# limit; so few of them ask in vain. Those that wait longest do not all ask at the same time.
_DEFER = f"""
with given as (
  select * from jsonb_to_recordset(%(deferrals)s::jsonb) as given(
    call_id uuid, token uuid, at timestamptz, deferred_by text, wait float8, pace float8)
), locked as (
  select id, tenant_id, created_at from llm_calls
  where id = any(array(select call_id from given)) order by id for update
), placed as (
  select given.*, row_number() over (
      partition by given.deferred_by order by locked.created_at, locked.id) - 1 + (
    select count(*) from llm_calls ahead
    where ahead.tenant_id = locked.tenant_id and ahead.status = '{QUEUED}'
      and ahead.deferred_by <> '' and ahead.deferred_by = given.deferred_by
      and (ahead.created_at, ahead.id) < (locked.created_at, locked.id)) as place
  from given join locked on locked.id = given.call_id
)
update llm_calls call set status = '{QUEUED}', deferred_by = placed.deferred_by,
  next_attempt_at = placed.at + interval '1 second' * case
    when placed.wait + placed.place * placed.pace < {LONGEST_WAIT_SECONDS}
    then placed.wait + placed.place * placed.pace
    else {LONGEST_WAIT_SECONDS} * (0.8 + 0.2 * random()) end,
  lease_token = null, lease_expires_at = null, dispatched_at = null,
  executions = greatest(call.executions - 1, 0)
from placed
where call.id = placed.call_id and call.lease_token = placed.token and call.status in ({_SOURCES})
returning placed.token
"""  # noqa: S608  states of ours


@dataclass(frozen=True)
class Deferral:
    """A call that was taken and is refused now."""

    call: ClaimedCall
    refusal: Refusal
    at: datetime


class Deferrals:
    """Belongs to the event loop that uses it."""

    def __init__(self) -> None:
        self._group: GroupCommit[Deferral, bool] = GroupCommit(_write)

    async def write(self, deferral: Deferral) -> bool:
        """Give the call back. False when its fence was lost. The commit does not wait for the disk:
        a call whose deferral is forgotten is as one whose worker was lost. Raises psycopg.Error."""
        return await self._group.ask(deferral)

    async def close(self) -> None:
        """Give the connection back; the next deferral makes a new one."""
        await self._group.close()


async def _write(connection: Connection, deferrals: Sequence[Deferral]) -> list[bool]:
    statements: list[Statement] = []
    for tenant_id in sorted({one.call.owner.tenant_id for one in deferrals}):
        rows = [_row(one) for one in deferrals if one.call.owner.tenant_id == tenant_id]
        statements += [
            (SET_TENANT, {"tenant_id": str(tenant_id)}),
            (_DEFER, {"deferrals": json.dumps(rows, default=str)}),
        ]
    results = await execute(connection, [*statements, (COMMIT_LAZILY, ())])
    given_back = {row["token"] for rows in results for row in rows if "token" in row}
    return [one.call.token in given_back for one in deferrals]


def _row(deferral: Deferral) -> dict[str, Any]:
    refusal = deferral.refusal
    return {
        "call_id": deferral.call.owner.call_id,
        "token": deferral.call.token,
        "at": deferral.at,
        "deferred_by": f"{refusal.owned.kind} {refusal.owned.owner_id} {refusal.unit}",
        "wait": refusal.retry_after_seconds or 0.0,
        "pace": 60 * refusal.amount / refusal.limit,
    }
