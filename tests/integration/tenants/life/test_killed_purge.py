"""A purge that is killed in the middle is finished by the next one."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from apps.gateway.services.expire_reservations import expire_reservations
from apps.runs.models import Run, RunEvent, TaskDefinition
from apps.runs.selectors import newest_version
from apps.runs.services.create_run import create_run
from apps.tenants.models import Account, AuditEntry, LedgerEntry, Tenant
from apps.tenants.services.delete_tenant import delete_tenant
from apps.tenants.services.tend_tenants import tend_tenants
from tests.database import role_addresses
from tests.integration.tenants.life.whole_tenant import MODELS, rows, work_of

PURGE = """
import django; django.setup()
from apps.tenants.services import purge_batch
from apps.tenants.tasks import tend_task
purge_batch.BATCH = 2
tend_task()
"""
RUNS = 40


def purging(folder: Path) -> "subprocess.Popen[bytes]":
    """A process that purges, two runs at a time."""
    environment = {**os.environ, **role_addresses(), "ARTIFACT_FOLDER": str(folder)}
    return subprocess.Popen([sys.executable, "-c", PURGE], env=environment)


def runs_of(tenant: Tenant) -> int:
    return Run.objects.filter(tenant=tenant).count()


def test_a_killed_purge_goes_on(tenant: Tenant, other: Tenant, artifact_folder: Path) -> None:
    task = TaskDefinition.objects.get(tenant=tenant)
    for _ in range(RUNS):
        run, _ = create_run(version=newest_version(task), given={}, created_by=None, at=now())
        work_of(run, at=now())
    delete_tenant(tenant_id=tenant.id, confirm_slug=tenant.slug, at=now())
    expire_reservations(at=now())
    before: Any = {model: rows(model, other) for model in MODELS}
    for _ in range(3):
        left = runs_of(tenant)
        process = purging(artifact_folder)
        wait_for(
            lambda left=left: runs_of(tenant) < left, timeout_seconds=60, every_seconds=0.001,
            what="the purge to have begun",
        )  # fmt: skip
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert 0 < runs_of(tenant) < left
        _check_whole(tenant)
    assert tend_tenants(clock=now)
    kept = {model for model in MODELS if rows(model, tenant)}
    assert kept == {Tenant, Account, LedgerEntry, AuditEntry}
    assert not (artifact_folder / str(tenant.id)).exists()
    assert {model: rows(model, other) for model in MODELS} == before
    told = AuditEntry.objects.filter(tenant=tenant, action="data.purged")
    assert sum(entry.after.get("runs", 0) for entry in told) == RUNS + 2


def _check_whole(tenant: Tenant) -> None:
    """A run is there with its events, or neither is."""
    runs = set(Run.objects.filter(tenant=tenant).values_list("id", flat=True))
    assert set(RunEvent.objects.filter(tenant=tenant).values_list("run_id", flat=True)) == runs
