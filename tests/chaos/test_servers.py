"""Valkey forgets everything, PostgreSQL is cut off in mid-transaction, answers of it are lost."""

import psycopg
import pytest

from apps.runs.models import Run
from tests.chaos.cutter import Cutter
from tests.chaos.passing import pass_time
from tests.chaos.servers import disconnect
from tests.chaos.stack import FIVE_STEPS, Stack

HAS_CUTTER = True
WAITING = "select 1 from pg_stat_activity where wait_event_type = 'Lock'"
STATEMENTS = {
    "a transaction": "COMMIT",
    "what is decided of a run": "; commit",
    "an admission": "select book(",
    "a reading of accounts": "from spending(",
    "a claim of model calls": "update llm_calls taken",
    "an end of model calls": "select end_calls(",
    "a claim of a tool call": "update tool_events taken",
}


def statuses() -> set[str]:
    return set(Run.objects.values_list("status", flat=True))


@pytest.mark.parametrize("fault", ["flush_valkey", "restart_valkey"])
def test_valkey_may_forget_everything(stack: Stack, fault: str) -> None:
    for _ in range(10):
        stack.start_run()
    getattr(stack.servers, fault)()
    pass_time()
    stack.audit()
    assert statuses() == {"COMPLETED"}


def test_postgres_may_stop_in_mid_transaction(stack: Stack) -> None:
    run = stack.start_run()
    holder = psycopg.connect(stack.servers.postgres.url)
    holder.execute("select 1 from runs for update")
    stack.fleet.wait_until(
        lambda: holder.execute(WAITING).fetchone(), what="a transaction to wait for the row"
    )
    stack.servers.restart_postgres()
    holder.close()
    disconnect()
    stack.hasten()
    stack.audit()
    run.refresh_from_db()
    assert run.status == "COMPLETED"


@pytest.mark.thorough
def test_postgres_may_stop_among_many_runs(stack: Stack) -> None:
    for _ in range(10):
        stack.start_run()
    stack.servers.restart_postgres()
    disconnect()
    stack.hasten()
    stack.audit()
    assert Run.objects.count() == 10
    assert statuses() == {"COMPLETED"}


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_answer_to_each_statement_may_be_lost(stack: Stack, cutter: Cutter, name: str) -> None:
    before = cutter.cuts
    rounds = 6 if name in ("a transaction", "what is decided of a run") else 1
    for _ in range(rounds):
        cuts = cutter.cuts
        cutter.cut(STATEMENTS[name])
        stack.start_run(FIVE_STEPS)
        stack.fleet.wait_until(lambda cuts=cuts: cutter.cuts > cuts, what="the cut")
        pass_time()
    stack.hasten()
    stack.audit()
    assert cutter.cuts == before + rounds
    assert statuses() == {"COMPLETED"}
