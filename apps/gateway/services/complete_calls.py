"""Do the work of calls: claim them, have providers answer, record the ends."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from agentplatform.calls.claim import give_up
from agentplatform.core.connections import brief_connection
from agentplatform.core.drain import gives_back
from agentplatform.core.tenancy import tenant_scope
from agentplatform.core.transactions import refuse_transaction
from apps.gateway.models import LlmCall
from apps.gateway.services.engine import abandon_calls, engine
from apps.gateway.services.leases import leases

log = structlog.get_logger("llm")


def complete_calls(*, call_ids: Sequence[UUID], clock: Callable[[], datetime]) -> None:
    """Have those of the calls answered that have not ended and that nobody works on: a second
    delivery pays nothing. They are all of one tenant, which the row of the first one names.

    Blocks until the last has ended. Holds no transaction and no database connection while a
    provider works; raises OpenTransaction inside one.
    """
    refuse_transaction()
    claimed = engine().complete(call_ids, clock=clock)
    for call_id in claimed.missed:
        log.info("llm.skipped", call_id=str(call_id))
    if claimed.missed and claimed.tenant_id is not None:
        with brief_connection(), tenant_scope(claimed.tenant_id):
            for call_id in claimed.missed:
                give_up(LlmCall, call_id=call_id, at=clock())


@gives_back
def give_back() -> int:
    """First the leases, so that an answer which comes meanwhile is not recorded; then the calls."""
    released = leases.release_held()
    abandon_calls()
    return released
