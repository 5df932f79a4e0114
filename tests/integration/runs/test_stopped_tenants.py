"""How runs end whose tenant is suspended before all that runs is cancelled."""

from typing import Any

import pytest

from agentplatform.calls.contracts import CallFailure
from agentplatform.core.clock import now
from apps.gateway.models import LlmCall
from apps.runs.models import Run
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.services.suspend_tenant import suspend_tenant
from tests.integration.runs.conftest import RunMaker
from tests.integration.runs.drive import Drive, Model, broken
from tests.integration.runs.kinds import CHILD, code, each, task_of
from tests.integration.runs.test_flow import agent

REFUSED = CallFailure(code="tenant_inactive", detail="It is suspended.", is_retryable=False)
UNDO = {"name": "undo", "kind": "decision", "needs": [],
        "branches": [{"name": "x", "when": "input.n"}]}  # fmt: skip


@pytest.mark.parametrize("on_failure", ["fail_run", "continue", {"goto": "undo"}])
def test_a_run_whose_call_is_refused_ends_as_cancelled_whatever_a_failure_does(
    tenant: Tenant, make_run: RunMaker, on_failure: Any
) -> None:
    run = make_run([code("a", on_failure=on_failure), UNDO])
    suspend_tenant(tenant_id=tenant.id, at=now())
    run = Drive(run, lambda _: REFUSED).until_still()
    assert (run.status, run.error) == ("CANCELLED", None)
    entry = AuditEntry.objects.get(action="run.cancelled")
    assert entry.target_id == str(run.id)


def test_no_map_tolerates_that_its_items_are_refused(tenant: Tenant, make_run: RunMaker) -> None:
    run = make_run([each([1, 2], tolerated_failures=2)])
    suspend_tenant(tenant_id=tenant.id, at=now())
    assert Drive(run, lambda _: REFUSED).until_still().status == "CANCELLED"


def test_no_agent_goes_on_from_a_call_that_was_refused(tenant: Tenant, make_run: RunMaker) -> None:
    drive = Drive(make_run([agent()]), say=Model({"name": "add", "arguments": {"a": 2, "b": 3}}))
    drive.answer = lambda _: REFUSED
    suspend_tenant(tenant_id=tenant.id, at=now())
    assert drive.until_still().status == "CANCELLED"
    assert LlmCall.objects.count() == 1


def test_a_run_that_fails_while_its_tenant_is_suspended_ends_as_cancelled(
    tenant: Tenant, make_run: RunMaker
) -> None:
    run = make_run([code("a")])
    suspend_tenant(tenant_id=tenant.id, at=now())
    assert Drive(run, lambda _: broken("no luck")).until_still().status == "CANCELLED"


def test_a_run_that_cannot_start_its_child_ends_as_cancelled(
    tenant: Tenant, make_run: RunMaker
) -> None:
    run = make_run([CHILD], {"n": 1})
    task_of(run, "inner", [code("a")])
    suspend_tenant(tenant_id=tenant.id, at=now())
    assert Drive(run).until_still().status == "CANCELLED"


def test_a_run_whose_child_is_refused_ends_as_cancelled(tenant: Tenant, make_run: RunMaker) -> None:
    run = make_run([CHILD], {"n": 1})
    task_of(run, "inner", [code("a")])

    def suspended(_: object) -> CallFailure:
        suspend_tenant(tenant_id=tenant.id, at=now())
        return REFUSED

    assert Drive(run, suspended).until_still().status == "CANCELLED"
    assert set(Run.objects.values_list("status", flat=True)) == {"CANCELLED"}


@pytest.mark.parametrize("is_under_way", [False, True])
def test_no_map_tolerates_that_its_runs_are_stopped(
    is_under_way: bool, tenant: Tenant, make_run: RunMaker
) -> None:
    inner = {"kind": "run", "task": "inner", "input": {}}
    run = make_run([{**each([1, 2], tolerated_failures=2), "step": inner}])
    task_of(run, "inner", [code("a")])

    def suspended(_: object) -> CallFailure:
        suspend_tenant(tenant_id=tenant.id, at=now())
        return REFUSED

    if not is_under_way:
        suspend_tenant(tenant_id=tenant.id, at=now())
    assert Drive(run, suspended).until_still().status == "CANCELLED"
    assert set(Run.objects.values_list("status", flat=True)) == {"CANCELLED"}
