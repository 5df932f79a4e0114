"""Let the sums of calls that are over say what their attempts say."""

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from agentplatform.calls.states import CALL
from agentplatform.core.transactions import require_transaction, scope_connection

_LOCK: Final = "select id from llm_calls where id = any(%(ids)s) order by id for update"
_SUM_UP: Final = """
update llm_calls call set prompt_tokens = attempts.prompt_tokens,
  completion_tokens = attempts.completion_tokens, cost_nanos = attempts.cost_nanos
from (
  select call_id, sum(prompt_tokens) as prompt_tokens, sum(completion_tokens) as completion_tokens,
    case when count(cost_nanos) = count(*) then sum(cost_nanos) end as cost_nanos
  from llm_events where call_id = any(%(ids)s) group by call_id
) attempts
where call.id = attempts.call_id and call.status = any(%(ended)s)
"""


def sum_up_calls(*, call_ids: Collection[UUID]) -> None:
    """For attempts that were charged, or charged otherwise, after their call had ended; a call that
    goes on is summed up at its end. An unknown cost makes the sum unknown. Requires a
    transaction."""
    require_transaction()
    arguments: dict[str, Any] = {"ids": list(call_ids), "ended": sorted(CALL.terminal)}
    with scope_connection().cursor() as cursor:
        cursor.execute(_LOCK, arguments)  # whoever ends one of them first is seen by what follows
        cursor.execute(_SUM_UP, arguments)
