"""Valkey forgets everything; answers of PostgreSQL are lost."""

import pytest

from apps.runs.models import Run
from tests.chaos.cutter import Cutter
from tests.chaos.passing import pass_time
from tests.chaos.stack import Stack

HAS_CUTTER = True
STATEMENTS = {
    "an admission": "select book(",
    "a claim of a model call": 'UPDATE "llm_calls" SET "status"',
    "a claim of a tool call": 'UPDATE "tool_events" SET "status"',
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


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_answer_to_each_statement_may_be_lost(stack: Stack, cutter: Cutter, name: str) -> None:
    before = cutter.cuts
    cutter.cut(STATEMENTS[name])
    stack.start_run()
    stack.fleet.wait_until(lambda: cutter.cuts > before, what="the cut")
    pass_time()
    stack.audit()
    assert statuses() == {"COMPLETED"}
