"""A tenant that is suspended or deleted while its runs are at work, with real workers."""

import time

import pytest

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from apps.runs.models import Run
from apps.runs.states import RUN
from apps.tenants.contracts import TenantInactive
from apps.tenants.models import Tenant
from apps.tenants.services.delete_tenant import delete_tenant
from apps.tenants.services.resume_tenant import resume_tenant
from apps.tenants.services.suspend_tenant import suspend_tenant
from apps.tools.models import ToolCall
from tests.integration.runs.conftest import RunMaker, finished

LONG = {"name": "a", "kind": "tool", "tool": "code", "timeout_seconds": 60,
        "arguments": {"program": "import time; time.sleep(50)"}}  # fmt: skip
SHORT = {"name": "a", "kind": "tool", "tool": "code", "arguments": {"program": "print(1)"}}


def at_work(run: Run) -> ToolCall:
    """The run's call once a worker has taken it."""
    return wait_for(
        lambda: ToolCall.objects.filter(run_id=run.id, status="RUNNING").first(),
        timeout_seconds=60,
        what="the program to run",
    )


def test_suspending_cancels_what_runs_and_resuming_starts_anew(
    workers: None, tenant: Tenant, make_run: RunMaker
) -> None:
    run, queued = make_run([LONG]), make_run([LONG])
    call = at_work(run)
    started = time.monotonic()
    suspend_tenant(tenant_id=tenant.id, at=now())
    assert finished(run, timeout_seconds=20).status == "CANCELLED"
    assert finished(queued, timeout_seconds=20).status == "CANCELLED"
    assert time.monotonic() - started < 20
    call.refresh_from_db()
    assert call.status == "CANCELLED"
    with pytest.raises(TenantInactive):
        make_run([SHORT])
    resume_tenant(tenant_id=tenant.id, at=now())
    assert finished(make_run([SHORT])).status == "COMPLETED"


def test_deleting_ends_and_purges_what_runs(
    workers: None, tenant: Tenant, make_run: RunMaker
) -> None:
    run = make_run([LONG])
    at_work(run)
    delete_tenant(tenant_id=tenant.id, confirm_slug=tenant.slug, at=now())

    def is_purged() -> bool:
        tenant.refresh_from_db()
        return tenant.purged_at is not None

    wait_for(is_purged, timeout_seconds=30, what="the tenant to be purged")
    assert not Run.objects.exists()
    assert not ToolCall.objects.exists()


def test_a_tenant_is_not_disturbed_by_the_end_of_another(
    workers: None, tenant: Tenant, make_run: RunMaker
) -> None:
    run = make_run([LONG])
    at_work(run)
    other = Tenant.objects.create(name="other", slug="other")
    delete_tenant(tenant_id=other.id, confirm_slug="other", at=now())
    wait_for(
        lambda: Tenant.objects.filter(id=other.id, purged_at__isnull=False).exists(),
        timeout_seconds=30,
        what="the other tenant to be purged",
    )
    run.refresh_from_db()
    assert run.status not in RUN.terminal
