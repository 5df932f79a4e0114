"""What is left of a deleted tenant: what the law and the books need, and nothing else."""

from contextvars import copy_context
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from django.db import connections
from django.db.models import Model

from agentplatform.core.clock import now
from apps.gateway.models import LlmEvent
from apps.gateway.services.expire_reservations import expire_reservations
from apps.runs.models import Run
from apps.tenants.models import Account, AuditEntry, LedgerEntry, Reservation, Tenant
from apps.tenants.services import purge_batch
from apps.tenants.services.delete_tenant import delete_tenant
from apps.tenants.services.tend_tenants import LATE, tend_tenants
from tests.integration.tenants.life.whole_tenant import MODELS, hold, release, rows, whole_tenant

KEPT = {Tenant, Account, LedgerEntry, AuditEntry}
AFTER = timedelta(minutes=1)


def delete(tenant: Tenant) -> None:
    delete_tenant(tenant_id=tenant.id, confirm_slug=tenant.slug, at=now())


def tend(at: datetime | None = None) -> None:
    while not tend_tenants(clock=lambda: at or now()):
        pass


def counts(tenant: Tenant) -> dict[type[Model], int]:
    return {model: rows(model, tenant) for model in MODELS}


def files(folder: Path, tenant: Tenant) -> int:
    return len(list((folder / str(tenant.id)).glob("*")))


def test_a_purge_leaves_exactly_what_is_kept(tenant: Tenant, artifact_folder: Path) -> None:
    delete(tenant)
    expire_reservations(at=now() + AFTER)
    tend()
    assert {model for model, count in counts(tenant).items() if count} == KEPT
    assert not (artifact_folder / str(tenant.id)).exists()
    tenant.refresh_from_db()
    assert tenant.purged_at is not None
    assert (tenant.name, tenant.status) == ("Acme", "deleted")


def test_a_purge_takes_nothing_of_another_tenant(
    tenant: Tenant, other: Tenant, artifact_folder: Path
) -> None:
    before = counts(other), files(artifact_folder, other)
    delete(tenant)
    tend()
    assert (counts(other), files(artifact_folder, other)) == before


def test_what_is_kept_is_not_changed(tenant: Tenant) -> None:
    expire_reservations(at=now() + AFTER)
    before = list(Account.objects.values()), list(LedgerEntry.objects.values())
    delete(tenant)
    tend()
    assert (list(Account.objects.values()), list(LedgerEntry.objects.values())) == before


def test_the_audit_tells_what_was_purged(tenant: Tenant) -> None:
    expire_reservations(at=now() + AFTER)
    delete(tenant)
    tend()
    told = AuditEntry.objects.filter(tenant=tenant).order_by("id")
    purged = [entry.after for entry in told.filter(action="data.purged")]
    assert purged[0] == {"runs": 2}
    nouns = [next(iter(after)) for after in purged]
    assert nouns == ["runs", "tasks", "artifacts", "tool_secrets", "tool_limits", "egress_rules",
                     "mcp_tools", "mcp_servers", "model_call_attempts", "keyed_calls",
                     "model_routes", "model_policies", "provider_keys", "alerts",
                     "budgets", "rate_limits", "api_keys", "secrets",
                     "users"]  # fmt: skip
    assert told.filter(action="tenant.purged").count() == 1


def test_a_purge_waits_for_calls_that_are_not_settled(tenant: Tenant) -> None:
    delete(tenant)
    tend()
    tenant.refresh_from_db()
    assert (tenant.purged_at, Reservation.objects.count()) == (None, 1)
    expire_reservations(at=now() + AFTER)
    tend()
    tenant.refresh_from_db()
    assert tenant.purged_at is not None
    assert not LlmEvent.objects.exists()


def test_what_a_late_worker_writes_is_purged_too(tenant: Tenant) -> None:
    delete(tenant)
    expire_reservations(at=now() + AFTER)
    tend()
    attempt_id = hold(tenant, at=now())
    release(attempt_id, at=now())
    LlmEvent.objects.create(
        tenant=tenant, attempt_id=attempt_id, provider="p", model="m", status="failed",
        created_at=now(),
    )  # fmt: skip
    tend()
    assert not LlmEvent.objects.exists()
    tenant.refresh_from_db()
    done = tenant.purged_at
    tend(now() + LATE * 2)
    tenant.refresh_from_db()
    assert tenant.purged_at == done


def test_batches_are_small(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge_batch, "BATCH", 1)
    delete(tenant)
    tend()
    assert not Run.objects.exists()
    assert AuditEntry.objects.filter(action="data.purged", after__has_key="runs").count() == 2


def test_two_purges_at_once_are_harmless(tenant: Tenant) -> None:
    delete(tenant)
    expire_reservations(at=now() + AFTER)
    together = Barrier(3)

    def purge() -> None:
        together.wait()
        tend()
        connections.close_all()

    threads = [Thread(target=copy_context().run, args=(purge,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tend()
    assert {model for model, count in counts(tenant).items() if count} == KEPT


def test_a_round_that_took_long_enough_leaves_the_rest_to_the_next(tenant: Tenant) -> None:
    delete(tenant)
    whole_tenant()
    ticks = iter(range(1000))
    start = now()
    assert not tend_tenants(clock=lambda: start + timedelta(seconds=3 * next(ticks)))
    assert Tenant.objects.get(id=tenant.id).purged_at is None


def test_a_tenant_whose_purge_fails_does_not_keep_others_waiting(
    tenant: Tenant, other: Tenant, artifact_folder: Path
) -> None:
    delete(tenant)
    delete(other)
    expire_reservations(at=now() + AFTER)
    ours = artifact_folder / str(tenant.id)
    for file in ours.iterdir():
        file.unlink()
    ours.rmdir()
    ours.write_text("no folder")
    tend()
    assert Tenant.objects.get(id=tenant.id).purged_at is None
    assert Tenant.objects.get(id=other.id).purged_at is not None
