"""What ended longer ago than the tenant keeps it is gone, and only that."""

import hashlib
from contextvars import copy_context
from datetime import timedelta
from io import StringIO
from pathlib import Path
from threading import Event, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from agentplatform.core.clock import now
from agentplatform.core.transactions import transaction
from apps.runs.models import Run, Step, TaskDefinition
from apps.tenants.contracts import NewAlert
from apps.tenants.models import Alert, AuditEntry, Tenant
from apps.tenants.services.purge_expired import purge_expired
from apps.tenants.services.raise_alert import raise_alert
from apps.tenants.tasks import purge_expired_task
from apps.tools.facade import open_artifact
from apps.tools.models import Artifact, EgressRequest, ToolCall
from apps.tools.services.artifact_contents import lock_contents
from apps.tools.services.remove_artifacts import remove_artifacts
from tests.integration.tenants.life.whole_tenant import MODELS, rows, store, whole_tenant

LONG_AGO = timedelta(days=8)


def keep_for(tenant: Tenant, days: int | None) -> None:
    Tenant.objects.filter(id=tenant.id).update(retention_days=days)


@pytest.fixture
def old(db: None) -> Tenant:
    """Everything of it is eight days old; one of its two runs is over."""
    return whole_tenant(at=now() - LONG_AGO)


def purge() -> None:
    while not purge_expired(clock=now):
        pass


def test_runs_go_with_everything_of_them(old: Tenant) -> None:
    keep_for(old, 7)
    over = Run.objects.get(tenant=old, status="COMPLETED")
    purge()
    assert Run.objects.get(tenant=old).status == "PENDING"
    assert Step.objects.filter(tenant=old).count() == 1
    for model in (ToolCall, EgressRequest, Artifact):
        assert not model.objects.filter(tenant=old, run_id=over.id).exists()
        assert model.objects.filter(tenant=old).exists()


def test_uploads_go_by_their_age(old: Tenant) -> None:
    keep_for(old, 7)
    fresh = store(old, b"fresh")
    purge()
    assert list(Artifact.objects.filter(tenant=old, run_id=None)) == [Artifact(id=fresh)]


def test_requests_for_the_tools_of_servers_go_by_their_age(old: Tenant) -> None:
    keep_for(old, 7)
    asked = {"via": "mcp", "method": "POST", "host": "mcp.example.org", "port": 443}
    for at in (now() - LONG_AGO, now()):
        EgressRequest.objects.create(tenant=old, at=at, **asked)
    fresh = EgressRequest.objects.get(tenant=old, run_id=None, at__gt=now() - LONG_AGO / 2)
    purge()
    assert list(EgressRequest.objects.filter(tenant=old, run_id=None)) == [fresh]


def test_content_goes_with_its_last_artifact(old: Tenant, artifact_folder: Path) -> None:
    keep_for(old, 7)
    shared = store(old, b"uploaded")
    purge()
    _, content = open_artifact(tenant_id=old.id, artifact_id=shared)
    with content:
        assert content.read() == b"uploaded"
    left = {one.sha256 for one in Artifact.objects.filter(tenant=old)}
    assert {file.name for file in (artifact_folder / str(old.id)).iterdir()} == left


@pytest.mark.parametrize("days", [None, 9])
def test_what_is_kept_long_enough_stays(old: Tenant, days: int | None) -> None:
    keep_for(old, days)
    before = {model: rows(model, old) for model in MODELS}
    purge()
    assert {model: rows(model, old) for model in MODELS} == before


def test_each_tenant_has_its_own_days(old: Tenant) -> None:
    keep_for(old, 7)
    another = whole_tenant(at=now() - LONG_AGO)
    keep_for(another, 30)
    purge()
    assert Run.objects.filter(tenant=another).count() == 2
    assert Run.objects.filter(tenant=old).count() == 1


def test_definitions_people_and_money_stay(old: Tenant) -> None:
    keep_for(old, 7)
    app_tables = [m for m in MODELS if m._meta.app_label == "tenants" and m is not AuditEntry]
    before = {model: rows(model, old) for model in app_tables}
    purge()
    assert {model: rows(model, old) for model in app_tables} == before
    assert TaskDefinition.objects.filter(tenant=old).exists()


def test_alerts_go_by_their_age_but_for_those_of_a_month(old: Tenant) -> None:
    keep_for(old, 7)
    for at in (now() - LONG_AGO, now()):
        for subject in ("run:1", "user:1"):
            alert = NewAlert(
                kind="budget_exceeded", subject=subject, once_per=f"{subject}{at}", tenant_id=old.id
            )
            raise_alert(alert, at=at)
    purge()
    left = Alert.objects.filter(tenant=old, kind="budget_exceeded").order_by("id")
    assert [one.subject for one in left] == ["user:1", "run:1", "user:1"]


def test_the_audit_says_what_went_and_that_nobody_did_it(old: Tenant) -> None:
    keep_for(old, 7)
    purge_expired_task()
    entries = AuditEntry.objects.filter(tenant=old, action="data.purged").order_by("id")
    assert [entry.actor_kind for entry in entries] == ["system", "system"]
    assert [entry.actor_name for entry in entries] == ["tenants.purge_expired"] * 2
    runs, artifacts = (dict(entry.after) for entry in entries)
    assert (runs.pop("runs"), artifacts.pop("artifacts")) == (1, 1)
    assert set(runs) == set(artifacts) == {"ended_before"}


def test_a_run_whose_parent_is_gone_stays(old: Tenant) -> None:
    keep_for(old, 7)
    parent = Run.objects.get(tenant=old, status="COMPLETED")
    Run.objects.filter(tenant=old, status="PENDING").update(parent_run=parent)
    purge()
    assert Run.objects.get(tenant=old).parent_run_id is None


def test_a_run_that_another_started_is_kept_while_that_one_goes_on(old: Tenant) -> None:
    keep_for(old, 7)
    parent = Run.objects.get(tenant=old, status="PENDING")
    Run.objects.filter(tenant=old, status="COMPLETED").update(parent_run=parent)
    purge()
    assert Run.objects.filter(tenant=old).count() == 2
    Run.objects.filter(id=parent.id).update(status="CANCELLED", completed_at=now())
    purge()
    assert list(Run.objects.filter(tenant=old)) == [parent]


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("purge_expired", *arguments, stdout=out)
    return out.getvalue()


def test_a_dry_run_tells_and_deletes_nothing(old: Tenant) -> None:
    keep_for(old, 7)
    assert command("--dry-run") == f"{old.slug}: 1 runs, 1 artifacts would be purged\n"
    assert Run.objects.filter(tenant=old).count() == 2


def test_the_command_purges_one_tenant(old: Tenant) -> None:
    another = whole_tenant(at=now() - LONG_AGO)
    for tenant in (old, another):
        keep_for(tenant, 7)
    assert command("--tenant", old.slug) == f"{old.slug}: 1 runs, 1 artifacts purged\n"
    assert Run.objects.filter(tenant=old).count() == 1
    assert Run.objects.filter(tenant=another).count() == 2


def test_nothing_to_purge_is_said(db: None) -> None:
    assert "Nothing" in command()
    with pytest.raises(CommandError, match="no tenant"):
        command("--tenant", "nobody")


def test_content_uploaded_while_it_is_purged_is_never_lost(
    tenant: Tenant, artifact_folder: Path
) -> None:
    """The same content, sent and removed at once again and again: a row has its bytes."""
    uploads = Artifact.objects.filter(tenant=tenant, run_id=None)
    stop = Event()

    def remove() -> None:
        while not stop.is_set():
            with transaction():
                remove_artifacts(uploads, tenant_id=tenant.id)
        connections.close_all()

    removers = [Thread(target=copy_context().run, args=(remove,)) for _ in range(2)]
    for remover in removers:
        remover.start()
    sha256 = hashlib.sha256(b"the same").hexdigest()
    try:
        for _ in range(100):
            store(tenant, b"the same")
            with transaction():
                lock_contents(tenant_id=tenant.id, hashes=[sha256])
                is_named = uploads.filter(sha256=sha256).exists()
                assert (artifact_folder / str(tenant.id) / sha256).exists() == is_named
    finally:
        stop.set()
        for remover in removers:
            remover.join()
