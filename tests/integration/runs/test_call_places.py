"""No more model and tool calls of a tenant, or of all, are in flight than the caps allow."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta

import pytest
from django.db import connections
from pytest_django import Settings

from agentplatform.calls.claim import claim_row
from agentplatform.calls.move import finish_row
from agentplatform.core.clock import now
from apps.runs.models import Run
from apps.runs.services.advance_run import advance_run
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.places.release_calls import release_calls
from apps.runs.services.recover import recover
from apps.runs.services.resume_step import resume_step
from apps.runs.services.run_on import run_on
from apps.tenants.models import Tenant
from apps.tools.models import ToolCall
from tests.integration.runs.conftest import Sent, finished
from tests.integration.runs.drive import Drive
from tests.integration.runs.kinds import code
from tests.integration.runs.places import capped_tenant, start, status

pytestmark = pytest.mark.django_db

ONE_CALL = {"steps": [code("a")]}


def wide(calls: int) -> dict[str, object]:
    """A spec of this many calls side by side."""
    return {"steps": [code(f"s{number}", needs=[]) for number in range(calls)]}


def begin(run: Run) -> None:
    """Take the first turns of the run's steps: they want their calls."""
    Drive(run, lambda _: 1)
    for due in advance_run(run_id=run.id, at=now()):
        run_on([due], clock=now)


def in_flight(tenant: Tenant) -> int:
    calls = ToolCall.objects.filter(tenant=tenant, is_held=False)
    return calls.filter(status__in=("QUEUED", "RUNNING")).count()


def end_one(tenant: Tenant) -> ToolCall:
    call = ToolCall.objects.filter(tenant=tenant, is_held=False, status="QUEUED")[0]
    claimed = claim_row(ToolCall, call_id=call.id, at=now())
    assert claimed is not None
    assert finish_row(claimed, to="SUCCESS", at=now(), response={"value": 1})
    return claimed


def test_calls_beyond_the_cap_are_held_and_sent_one_by_one_as_others_end(sent: Sent) -> None:
    tenant = capped_tenant(calls=2)
    begin(start(tenant, spec=wide(5)))
    sent()
    released, most = release_calls(at=now()), in_flight(tenant)
    messages = [name for name, _ in sent()]
    for _ in range(3):
        end_one(tenant)
        released += release_calls(at=now())
        most = max(most, in_flight(tenant))
    assert (released, most) == (5, 2)
    assert messages == ["tools.execute", "tools.execute"]


def test_nobody_takes_or_sends_a_call_that_is_held(sent: Sent) -> None:
    tenant = capped_tenant(calls=1)
    begin(start(tenant, spec=wide(2)))
    release_calls(at=now())
    held = ToolCall.objects.get(is_held=True)
    sent()
    recover(at=now() + timedelta(seconds=20))
    recover(at=now() + timedelta(seconds=40))
    assert str(held.id) not in str(sent())
    assert claim_row(ToolCall, call_id=held.id, at=now()) is None


def test_a_tenant_without_a_cap_has_its_calls_sent_at_once(sent: Sent) -> None:
    begin(start(capped_tenant(), spec=ONE_CALL))
    assert not ToolCall.objects.get().is_held
    assert "tools.execute" in [name for name, _ in sent()]


@pytest.mark.parametrize("calls", [1, None])
def test_a_turn_whose_calls_all_fail_before_they_are_sent_goes_on_at_once(
    sent: Sent, calls: int | None
) -> None:
    wrong = {"name": "a", "kind": "tool", "tool": "code", "arguments": {"program": "{{ run }}"}}
    run = start(capped_tenant(calls=calls), spec={"steps": [wrong]})
    sent()
    begin(run)
    assert [name for name, _ in sent()] == ["runs.resume_step"]
    resume_step(step_id=run.steps.get().id, turn=0, at=now())
    assert status(run) == "FAILED"


def test_calls_of_runs_of_a_higher_priority_come_first() -> None:
    tenant = capped_tenant(calls=1)
    runs = [start(tenant, spec=ONE_CALL, priority=priority) for priority in (0, 5, 0)]
    for run in runs:
        begin(run)
    order = []
    for _ in runs:
        assert release_calls(at=now()) == 1
        order.append(end_one(tenant).run_id)
    assert order == [runs[1].id, runs[0].id, runs[2].id]


def test_tenants_take_turns_for_the_places_of_the_platform(settings: Settings) -> None:
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"max_calls_in_flight": 1})
    tenants = [capped_tenant() for _ in range(3)]
    for tenant, calls in zip(tenants, (6, 3, 3), strict=True):
        begin(start(tenant, spec=wide(calls)))
    order = []
    for _ in range(9):
        assert release_calls(at=now()) == 1
        call = ToolCall.objects.get(is_held=False, status="QUEUED")
        order.append(next(at for at, one in enumerate(tenants) if one.id == call.tenant_id))
        end_one(tenants[order[-1]])
    assert [sorted(order[at : at + 3]) for at in (0, 3, 6)] == [[0, 1, 2]] * 3


def test_calls_of_a_cancelled_run_make_room_at_once(sent: Sent) -> None:
    tenant = capped_tenant(calls=1)
    first, second = start(tenant, spec=ONE_CALL), start(tenant, spec=ONE_CALL)
    begin(first)
    begin(second)
    release_calls(at=now())
    sent()
    cancel_run(run_id=first.id, at=now())
    assert ("runs.give_places", {}) in sent()
    assert release_calls(at=now()) == 1
    assert ToolCall.objects.get(run_id=second.id).is_held is False


def test_held_calls_go_on_when_the_cap_is_taken_away() -> None:
    tenant = capped_tenant(calls=1)
    begin(start(tenant, spec=wide(4)))
    release_calls(at=now())
    Tenant.objects.filter(id=tenant.id).update(max_calls_in_flight=None)
    recover(at=now())
    assert in_flight(tenant) == 4


def test_a_run_under_a_cap_of_one_call_ends() -> None:
    tenant = capped_tenant(runs=1, calls=1)
    run = start(tenant, spec=wide(3))
    assert Drive(run).to_the_end().status == "COMPLETED"


def test_releases_at_the_same_time_never_exceed_the_cap() -> None:
    tenant = capped_tenant(calls=3)
    begin(start(tenant, spec=wide(9)))

    def release() -> int:
        try:
            return release_calls(at=now())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as threads:
        for _ in range(3):
            futures = [threads.submit(copy_context().run, release) for _ in range(6)]
            assert sum(future.result() for future in futures) == 3
            assert in_flight(tenant) == 3
            for _ in range(3):
                end_one(tenant)


def test_workers_never_run_more_calls_than_the_cap(workers: None) -> None:
    tenant = capped_tenant(calls=1)
    runs = [start(tenant, spec=wide(3)) for _ in range(2)]
    assert [finished(run).status for run in runs] == ["COMPLETED"] * 2
    calls = ToolCall.objects.filter(tenant=tenant).order_by("started_at")
    spans = list(calls.values_list("started_at", "completed_at"))
    assert len(spans) == 6
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    assert status(runs[0]) == "COMPLETED"
