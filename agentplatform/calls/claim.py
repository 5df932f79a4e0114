"""Take calls to work on them, so that nobody else does."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from agentplatform.calls.conditions import abandoned
from agentplatform.calls.contracts import CallFailure
from agentplatform.calls.move import end_rows
from agentplatform.calls.row import CallRow, Row
from agentplatform.calls.states import CALL, FAILED, MAX_EXECUTIONS, QUEUED, RUNNING
from agentplatform.core.ids import new_id
from agentplatform.core.kill_points import reach
from agentplatform.core.leases import CALL_LEASE
from agentplatform.core.postgresql.reads import columns_of, row_of
from agentplatform.core.transactions import scope_connection, transaction
from agentplatform.dead_letters.bury_work import bury_work
from agentplatform.dead_letters.reasons import Reason

WORKER_LOST = CallFailure(
    code="worker_lost",
    detail=f"The worker was lost {MAX_EXECUTIONS} times during this call.",
    is_retryable=False,
)

_CLAIM = """
update {table} taken set status = '{running}', lease_token = wanted.token,
  lease_expires_at = %(until)s, started_at = %(at)s,
  executions = executions + (lease_token is distinct from wanted.token)::int
from unnest(%(ids)s::uuid[], %(tokens)s::uuid[]) as wanted(call_id, token)
where id = wanted.call_id and status in ({sources})
  and (next_attempt_at is null or next_attempt_at <= %(at)s)
  and (status = '{queued}' and not is_held or lease_token = wanted.token
    or lease_expires_at <= %(at)s and executions < {most} and {may_repeat})
returning {returning}
"""


@cache
def claim_sql(model: type[CallRow], *, may_repeat: str = "true", returning: str) -> str:
    """The statement that claims calls, with the parameters of claim_arguments. It returns
    `returning` of each of those that were claimed, `taken`; to repeat it is harmless.

    `may_repeat` is a condition on the row of a call that lost its worker: it is taken again only
    where that is true.
    """
    return _CLAIM.format(
        table=model._meta.db_table,
        sources=", ".join(f"'{status}'" for status in sorted(CALL.sources_of(RUNNING))),
        queued=QUEUED,
        running=RUNNING,
        most=MAX_EXECUTIONS,
        may_repeat=may_repeat,
        returning=returning,
    )


def claim_arguments(*, call_ids: Collection[UUID], at: datetime) -> dict[str, Any]:
    """The parameters of a claim, with a fresh fencing token for each call. Everybody locks calls in
    the order of their ids."""
    ids = sorted(call_ids)
    return {"ids": ids, "tokens": [new_id() for _ in ids], "at": at, "until": at + CALL_LEASE}


def claim_row(
    model: type[Row],
    *,
    call_id: UUID,
    at: datetime,
    may_repeat: str = "true",
    also: Mapping[str, str] | None = None,
) -> Row | None:
    """The call with a fresh fencing token, or None when there is nothing to do: it has ended, is
    held by somebody, is not due, or was lost too often and is now given up as a dead letter.

    The claim commits by itself; giving up opens a transaction. `may_repeat` as claim_sql says.
    `also` names attributes that the call gets besides, and the SQL of their values, in which
    `taken` is the call.
    """
    also = also or {}
    returning = ", ".join([columns_of(model, "taken"), *also.values()])
    sql = claim_sql(model, may_repeat=may_repeat, returning=returning)
    with scope_connection().cursor() as cursor:
        cursor.execute(sql, claim_arguments(call_ids=[call_id], at=at))
        claimed = cursor.fetchone()
    if claimed:
        reach("after_claim", model.task)
        return row_of(model, tuple(also), claimed)
    give_up(model, call_id=call_id, at=at)
    return None


def give_up(model: type[Row], *, call_id: UUID, at: datetime) -> None:
    """Fail the call, as a dead letter, if it has lost its worker too often. Opens a transaction."""
    call = model.objects.filter(id=call_id)
    exhausted = call.filter(abandoned(at), executions__gte=MAX_EXECUTIONS)
    with transaction():
        if end_rows(exhausted, to=FAILED, at=at, failure=WORKER_LOST):
            row = call.only("tenant_id", "run_id", "step_id").get()
            bury_work(
                tenant_id=row.tenant_id,
                task=model.task,
                reason=Reason.WORKER_LOST,
                detail=WORKER_LOST.detail,
                run_id=row.run_id,
                step_id=row.step_id,
                call_id=call_id,
                at=at,
            )
