"""No more runs of a tenant, or of all, are at work than the caps allow; tenants take turns."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from agentplatform.core.clock import now
from agentplatform.core.transactions import scope_connection
from apps.runs.models import Run, RunEvent
from apps.runs.services.advance_run import advance_run
from apps.runs.services.cancel_children import cancel_children
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.fork_run import retry_run
from apps.runs.services.places.admit_runs import admit_runs
from apps.runs.services.places.count_waiting import count_waiting
from apps.runs.services.recover import recover
from apps.tenants.models import Tenant
from apps.tenants.services.suspend_tenant import suspend_tenant
from apps.tenants.services.tend_tenants import tend_tenants
from tests.integration.runs.conftest import Sent, finished, kinds_of
from tests.integration.runs.drive import Drive, broken
from tests.integration.runs.kinds import CHILD, code, task_of
from tests.integration.runs.places import WAIT, at_work, capped_tenant, next_of, start, status

pytestmark = pytest.mark.django_db


def limit_platform(settings: Settings, runs: int) -> None:
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"max_runs_in_flight": runs})


def test_a_run_beyond_the_cap_stays_pending_and_says_why(sent: Sent) -> None:
    tenant = capped_tenant(runs=1)
    first, second = start(tenant), start(tenant)
    assert admit_runs(at=now()) == 1
    assert (status(first), status(second)) == ("RUNNING", "PENDING")
    assert second.waits_for_place
    told = RunEvent.objects.get(run=second, kind="run.waiting").data
    assert told == {"caps": {"max_runs_in_flight of the tenant": 1}}
    advances = [keywords for name, keywords in sent() if name == "runs.advance_run"]
    assert advances == [{"run_id": str(first.id)}]


def test_nothing_is_sent_again_and_again_for_a_run_that_waits(sent: Sent) -> None:
    tenant = capped_tenant(runs=1)
    first, second = start(tenant), start(tenant)
    admit_runs(at=now())
    Drive(first).until_still()
    sent()
    for seconds in (10, 40, 100):
        recover(at=now() + timedelta(seconds=seconds))
    assert str(second.id) not in str(sent())
    advance_run(run_id=second.id, at=now())
    assert status(second) == "PENDING"


def test_a_tenant_without_a_cap_is_sent_its_runs_at_once(sent: Sent) -> None:
    run = start(capped_tenant())
    assert not run.waits_for_place
    assert sent() == [("runs.advance_run", {"run_id": str(run.id)})]


@pytest.mark.parametrize("end", ["success", "failure", "cancel", "deadline"])
def test_the_end_of_a_run_makes_room_for_the_next(end: str, sent: Sent) -> None:
    tenant = capped_tenant(runs=1)
    spec = {"steps": [code("a")], "defaults": {"timeout_seconds": 60}}
    first, second = start(tenant, spec=spec), start(tenant)
    admit_runs(at=now())
    drive = Drive(first, (lambda _: broken("no")) if end == "failure" else lambda _: 1)
    if end == "cancel":
        cancel_run(run_id=first.id, at=now())
    elif end == "deadline":
        recover(at=now() + timedelta(seconds=61))
    else:
        drive.until_still()
    assert ("runs.give_places", {}) in sent()
    admit_runs(at=now())
    assert status(first) not in ("PENDING", "RUNNING")
    assert status(second) == "RUNNING"


def test_a_lost_message_is_made_good_by_recovery(sent: Sent) -> None:
    tenant = capped_tenant(runs=1)
    first, second = start(tenant), start(tenant)
    sent()
    recover(at=now())
    cancel_run(run_id=first.id, at=now())
    sent()
    recover(at=now())
    assert status(second) == "RUNNING"
    sent()
    recover(at=now() + timedelta(seconds=6))
    assert ("runs.advance_run", {"run_id": str(second.id)}) in sent()


def test_a_run_of_a_higher_priority_comes_first_then_the_older() -> None:
    tenant = capped_tenant(runs=1)
    runs = [start(tenant, priority=priority) for priority in (0, -5, 7, 0, 7)]
    order = []
    for _ in runs:
        next_of([tenant])
        order.append(runs.index(Run.objects.get(status="RUNNING")))
    assert order == [2, 4, 0, 3, 1]


def test_three_tenants_with_unequal_backlogs_each_get_every_third_place(
    settings: Settings,
) -> None:
    limit_platform(settings, 1)
    tenants = [capped_tenant() for _ in range(3)]
    for tenant, backlog in zip(tenants, (12, 6, 4), strict=True):
        for _ in range(backlog):
            start(tenant, priority=100 if tenant is tenants[0] else 0)
    given = [tenants.index(next_of(tenants)) for _ in range(12)]
    assert [sorted(given[at : at + 3]) for at in range(0, 12, 3)] == [[0, 1, 2]] * 4


def test_a_tenant_at_its_cap_leaves_places_to_others(settings: Settings) -> None:
    limit_platform(settings, 5)
    small, large = capped_tenant(runs=1), capped_tenant()
    for tenant in (small, small, small, large, large, large, large, large):
        start(tenant)
    assert admit_runs(at=now()) == 5
    assert (at_work(small), at_work(large)) == (1, 4)


def test_child_runs_take_no_place_from_the_runs_that_wait_for_them() -> None:
    tenant = capped_tenant(runs=1)
    spec = {"steps": [{**CHILD, "input": {"n": 1}}]}
    run, next_one = start(tenant, spec=spec, priority=9), start(tenant)
    task_of(run, "inner", [{**CHILD, "task": "innermost", "input": {"n": 1}}])
    task_of(run, "innermost", [code("a")])
    run = Drive(run).until_still()
    assert run.status == "COMPLETED"
    assert Run.objects.get(parent_run=run).priority == 9
    assert Run.objects.get(depth=2).status == "COMPLETED"
    assert status(next_one) == "RUNNING"


def map_of_children(tenant: Tenant, number: int) -> Run:
    """A run that waits for so many runs that do not end by themselves."""
    child = {"kind": "run", "task": "inner", "input": {"n": 1}}
    spec = {"steps": [{"name": "all", "kind": "map", "items": [*range(number)], "step": child}]}
    run = start(tenant, spec=spec)
    task_of(run, "inner", WAIT["steps"])
    return Drive(run).until_still()


def test_child_runs_of_one_depth_are_held_to_the_cap_as_runs_are() -> None:
    tenant = capped_tenant(runs=2)
    run = map_of_children(tenant, 5)

    def children() -> list[str]:
        return [child.status for child in Run.objects.filter(parent_run=run).order_by("id")]

    assert children() == ["RUNNING"] * 2 + ["PENDING"] * 3
    cancel_run(run_id=Run.objects.filter(parent_run=run, status="RUNNING")[0].id, at=now())
    assert admit_runs(at=now()) == 1


def test_child_runs_that_wait_for_a_place_end_with_their_parent() -> None:
    run = map_of_children(capped_tenant(runs=1), 3)
    cancel_run(run_id=run.id, at=now())
    cancel_children(run_id=run.id, at=now())
    ended = Run.objects.filter(parent_run=run).values_list("status", "waits_for_place")
    assert list(ended) == [("CANCELLED", False)] * 3


def test_only_depths_at_which_runs_wait_are_looked_at() -> None:
    tenant = capped_tenant(runs=1)
    start(tenant)
    with CaptureQueriesContext(scope_connection()) as queries:
        assert admit_runs(at=now()) == 1
    assert sum("pg_advisory" in query["sql"] for query in queries) == 1


def test_tenants_take_turns_with_their_child_runs_too(settings: Settings) -> None:
    limit_platform(settings, 2)
    large, small = capped_tenant(), capped_tenant()
    map_of_children(large, 6)
    map_of_children(small, 1)
    children = Run.objects.filter(depth=1, status="RUNNING")
    assert [child.tenant_id for child in children] == [large.id] * 2
    for child in children.all():
        cancel_run(run_id=child.id, at=now())
    assert admit_runs(at=now()) == 2
    assert {child.tenant_id for child in children.all()} == {large.id, small.id}


def test_a_retried_run_keeps_its_priority() -> None:
    run = start(capped_tenant(runs=1), priority=-3)
    cancel_run(run_id=run.id, at=now())
    run.refresh_from_db()
    assert not run.waits_for_place
    assert retry_run(run=run, created_by=None, at=now()).priority == -3


def test_a_run_that_waits_past_its_deadline_times_out() -> None:
    tenant = capped_tenant(runs=1)
    start(tenant)
    admit_runs(at=now())
    spec = {"steps": [code("a")], "defaults": {"timeout_seconds": 30}}
    waiting = start(tenant, spec=spec)
    recover(at=now() + timedelta(seconds=31))
    assert status(waiting) == "TIMEOUT"
    assert not waiting.waits_for_place


def test_a_cap_that_is_raised_lowered_and_taken_away_counts_at_once() -> None:
    tenant = capped_tenant(runs=1)
    for _ in range(8):
        start(tenant)

    def at_work_with(cap: int | None) -> int:
        Tenant.objects.filter(id=tenant.id).update(max_runs_in_flight=cap)
        recover(at=now())
        return at_work(tenant)

    assert [at_work_with(cap) for cap in (1, 3, 2)] == [1, 3, 3]
    for run in Run.objects.filter(status="RUNNING")[:2]:
        cancel_run(run_id=run.id, at=now())
    assert [at_work_with(cap) for cap in (2, None)] == [2, 6]


def test_a_new_cap_holds_runs_that_were_accepted_before_it() -> None:
    tenant = capped_tenant()
    runs = [start(tenant) for _ in range(3)]
    Tenant.objects.filter(id=tenant.id).update(max_runs_in_flight=1)
    for run in runs:
        advance_run(run_id=run.id, at=now())
    assert admit_runs(at=now()) == 1
    assert [status(run) for run in runs] == ["RUNNING", "PENDING", "PENDING"]
    assert kinds_of(runs[2]) == ["run.pending", "run.waiting"]


def test_waiting_runs_of_a_suspended_tenant_are_cancelled_and_never_started(
    settings: Settings,
) -> None:
    limit_platform(settings, 1)
    stopped, other = capped_tenant(), capped_tenant()
    first = start(stopped)
    next_one = start(other)
    suspend_tenant(tenant_id=stopped.id, at=now())
    admit_runs(at=now())
    assert (status(first), status(next_one)) == ("PENDING", "RUNNING")
    tend_tenants(clock=now)
    assert status(first) == "CANCELLED"


def test_admissions_at_the_same_time_never_exceed_the_cap() -> None:
    tenant = capped_tenant(runs=3)
    for _ in range(12):
        start(tenant)

    def admit() -> int:
        try:
            return admit_runs(at=now())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as threads:
        for left in (9, 6, 3):
            futures = [threads.submit(copy_context().run, admit) for _ in range(6)]
            assert sum(future.result() for future in futures) == 3
            assert at_work(tenant) == 3
            assert Run.objects.filter(waits_for_place=True).count() == left
            for run in Run.objects.filter(status="RUNNING"):
                cancel_run(run_id=run.id, at=now())


def test_the_gauge_shows_how_many_wait_and_falls_back_to_zero() -> None:
    from agentplatform.telemetry.metrics import RUNS_WAITING, tenant_label

    tenant = capped_tenant(runs=1)
    runs = [start(tenant) for _ in range(3)]
    count_waiting()
    gauge = RUNS_WAITING.labels(tenant_label(str(tenant.id)))._value
    assert gauge.get() == 3
    for run in runs:
        cancel_run(run_id=run.id, at=now())
    count_waiting()
    assert gauge.get() == 0


def test_workers_take_all_runs_of_a_capped_tenant_one_after_the_other(workers: None) -> None:
    tenant = capped_tenant(runs=1, calls=1)
    runs = [start(tenant, spec={"steps": [code("a"), code("b")]}) for _ in range(4)]
    ended = [finished(run) for run in runs]
    assert [run.status for run in ended] == ["COMPLETED"] * 4
    for before, after in pairwise(ended):
        assert after.started_at is not None
        assert before.completed_at is not None
        assert after.started_at >= before.completed_at
