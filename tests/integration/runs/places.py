"""Tenants under caps, with runs that wait for places."""

import uuid
from datetime import datetime
from typing import Any

from agentplatform.core.clock import now
from apps.runs.models import Run
from apps.runs.selectors import newest_version
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.create_run import create_run
from apps.runs.services.places.admit_runs import admit_runs
from apps.runs.services.save_task import create_task
from apps.tenants.models import Tenant

WAIT = {"steps": [{"name": "w", "kind": "wait", "seconds": 1000}]}


def capped_tenant(*, runs: int | None = None, calls: int | None = None) -> Tenant:
    slug = f"t-{uuid.uuid4().hex[:12]}"
    return Tenant.objects.create(
        name=slug, slug=slug, max_runs_in_flight=runs, max_calls_in_flight=calls
    )


def start(
    tenant: Tenant, *, spec: dict[str, Any] = WAIT, at: datetime | None = None, **fields: Any
) -> Run:
    """A run of a new task."""
    at = at or now()
    task = create_task(
        tenant_id=tenant.id,
        name=uuid.uuid4().hex,
        description="",
        spec=spec,
        created_by=None,
        at=at,
    )
    run, _ = create_run(version=newest_version(task), given={}, created_by=None, at=at, **fields)
    return run


def status(run: Run) -> str:
    run.refresh_from_db()
    return run.status


def at_work(tenant: Tenant) -> int:
    return Run.objects.filter(tenant=tenant, parent_run=None, status="RUNNING").count()


def next_of(tenants: list[Tenant]) -> Tenant:
    """End the run in the only place; the tenant whose run is given it."""
    for run in Run.objects.filter(status="RUNNING"):
        cancel_run(run_id=run.id, at=now())
    assert admit_runs(at=now()) == 1
    owner = Run.objects.get(status="RUNNING").tenant_id
    return next(tenant for tenant in tenants if tenant.id == owner)
