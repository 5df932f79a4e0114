"""The audit finds what it is there to find."""

import psycopg
import pytest

from tests.chaos.stack import Stack

pytestmark = pytest.mark.thorough

AGAIN = """
insert into run_events (tenant_id, run_id, seq, kind, step_name, at, data)
select tenant_id, run_id, seq + 1, 'step.success', 'last', at, data from run_events
order by seq desc limit 1
"""
LETTER = """
insert into dead_letters (id, tenant_id, kind, task, payload, reason, detail, run_id, step_id,
  created_at, resolved_by)
select gen_random_uuid(), tenant_id, 'step', '', '{}', 'worker_lost', '', run_id, id, now(), ''
from steps where name = 'left'
"""
ONE_ENTRY = "where id = (select min(id) from ledger_entries)"
TAMPERED = {
    "a run that goes on": ("update runs set status = 'RUNNING'", "is RUNNING"),
    "an end not worked off": ("update runs set finalized_at = null", "not finalized"),
    "a late end": ("update runs set created_at = created_at - interval '1 hour'", "ended late"),
    "an open step": ("update steps set status = 'WAITING' where name = 'last'", "is WAITING"),
    "an open call": (
        "update tool_events set status = 'QUEUED'",
        "tool call .* is QUEUED",
    ),
    "a second commit": (AGAIN, "step last .* was committed 2 times"),
    "the text of another attempt": (
        """update steps set output = '{"text": "other"}' where name = 'first'""",
        "step first .* has another text",
    ),
    "the output of another attempt": (
        "update steps set output = '{}' where name = 'left'",
        "step left .* has another output",
    ),
    "a step that went back": (
        "update run_events set kind = 'step.queued' where kind = 'step.waiting'",
        "went from RUNNING to QUEUED",
    ),
    "a gap": ("update run_events set seq = seq + 1000 where seq = 3", "has event"),
    "a lost charge": (f"delete from ledger_entries {ONE_ENTRY}", "is in no ledger"),
    "a wrong charge": (f"update ledger_entries set tokens = tokens + 1 {ONE_ENTRY}", "booked"),
    "a charge for nothing": (
        f"update ledger_entries set attempt_id = gen_random_uuid() {ONE_ENTRY}",
        "was never billed",
    ),
    "an unexplained unconfirmed charge": (
        f"update ledger_entries set is_confirmed = false {ONE_ENTRY}",
        "lost no worker",
    ),
    "an answer without its attempt": ("delete from llm_events", "exactly one answer"),
    "a held amount": ("update accounts set reserved = 1", "still holds 1"),
    "a wrong account": ("update accounts set posted = posted + 1", "its entries"),
    "a letter of nothing": (LETTER, "dead letters"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_it_names(stack: Stack, name: str) -> None:
    stack.start_run()
    stack.audit(deaths=0)
    change, problem = TAMPERED[name]
    with psycopg.connect(stack.servers.postgres.url) as connection:
        connection.execute("set session_replication_role = replica")  # no trigger refuses it
        connection.execute(change)
    with pytest.raises(AssertionError, match=problem):
        stack.look()
