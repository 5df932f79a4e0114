"""An export holds every row and file of the tenant, and nothing that is another's or secret."""

import json
import stat
import tarfile
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agentplatform.core.clock import now
from agentplatform.core.errors import Conflict
from agentplatform.dead_letters.models import DeadLetter
from apps.gateway.models import KeyedCall, LlmCall, LlmEvent, ModelPolicy, ModelRoute, ProviderKey
from apps.gateway.services.expire_reservations import expire_reservations
from apps.runs.models import (
    Ask,
    Checkpoint,
    Run,
    RunEvent,
    Served,
    Step,
    TaskDefinition,
    TaskVersion,
)
from apps.tenants.models import (
    Account,
    Alert,
    ApiKey,
    AuditEntry,
    Budget,
    LedgerEntry,
    RateLimit,
    Reservation,
    Secret,
    Tenant,
    User,
)
from apps.tenants.services.delete_tenant import delete_tenant
from apps.tenants.services.export_tenant import export_tenant
from apps.tenants.services.suspend_tenant import suspend_tenant
from apps.tenants.services.tend_tenants import tend_tenants
from apps.tools.models import (
    Artifact,
    EgressRequest,
    EgressRule,
    McpServer,
    McpTool,
    ToolCall,
    ToolLimit,
    ToolSecret,
)
from apps.tools.stores.store import StoreUnavailable
from tests.integration.tenants.life.whole_tenant import MODELS

FILES = {
    Tenant: "tenant.json",
    User: "users.jsonl",
    ApiKey: "api_keys.jsonl",
    Secret: "secrets.jsonl",
    Budget: "budgets.jsonl",
    Alert: "alerts.jsonl",
    RateLimit: "rate_limits.jsonl",
    Account: "accounts.jsonl",
    Reservation: "reservations.jsonl",
    LedgerEntry: "ledger.jsonl",
    AuditEntry: "audit.jsonl",
    TaskDefinition: "tasks.jsonl",
    TaskVersion: "versions.jsonl",
    Run: "runs.jsonl",
    Step: "steps.jsonl",
    RunEvent: "events.jsonl",
    Ask: "asks.jsonl",
    Checkpoint: "checkpoints.jsonl",
    DeadLetter: "dead_letters.jsonl",
    LlmCall: "model_calls.jsonl",
    LlmEvent: "model_call_attempts.jsonl",
    KeyedCall: "keyed_calls.jsonl",
    ModelRoute: "model_routes.jsonl",
    ModelPolicy: "model_policies.jsonl",
    ProviderKey: "provider_keys.jsonl",
    ToolCall: "tool_calls.jsonl",
    Artifact: "artifacts.jsonl",
    ToolSecret: "tool_secrets.jsonl",
    ToolLimit: "tool_limits.jsonl",
    EgressRule: "egress_rules.jsonl",
    McpServer: "mcp_servers.jsonl",
    McpTool: "mcp_tools.jsonl",
    EgressRequest: "egress_requests.jsonl",
    Served: "turns.jsonl",
}
SECRET_COLUMNS = {"password", "key_hash", "ciphertext", "fingerprint", "sealed_arguments"}


def export(tenant: Tenant, folder: Path) -> dict[str, bytes]:
    target = folder / "export.tar.gz"
    export_tenant(tenant_id=tenant.id, target=target, at=now())
    with tarfile.open(target) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}


def parsed(lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines()]


def test_every_table_has_its_file() -> None:
    assert set(FILES) == set(MODELS), "decide how the rows of a new table are exported"


def test_every_row_of_the_tenant_and_no_other_is_exported(
    tenant: Tenant, other: Tenant, tmp_path: Path
) -> None:
    content = export(tenant, tmp_path)
    for model, name in FILES.items():
        column = "id" if model is Tenant else "tenant_id"
        mine = model._default_manager.filter(**{column: tenant.id})
        exported = parsed(content.pop(name))
        key = model._meta.pk.attname
        expected = {str(pk) for pk in mine.values_list("pk", flat=True)}
        if model is AuditEntry:  # the one that tells of the export comes after it
            expected -= {str(mine.get(action="tenant.exported").pk)}
        assert {str(row[key]) for row in exported} == expected, name
        columns = {field.attname for field in model._meta.concrete_fields}
        assert all(set(row) == columns - SECRET_COLUMNS for row in exported), name
    artifacts = Artifact.objects.filter(tenant=tenant)
    assert set(content) == {f"artifacts/{one.id}/{one.name}" for one in artifacts}


def test_files_come_as_they_were_stored(tenant: Tenant, tmp_path: Path) -> None:
    content = export(tenant, tmp_path)
    files = {body for name, body in content.items() if name.startswith("artifacts/")}
    assert files == {b"uploaded", b"left by a run"}


def test_nothing_secret_is_in_it(tenant: Tenant, tmp_path: Path) -> None:
    everything = b"".join(export(tenant, tmp_path).values()).decode()
    key = ApiKey.objects.get(tenant=tenant)
    for secret in (key.key_hash, "kept-secret", User.objects.get(tenant=tenant).password):
        assert secret not in everything


def test_only_its_owner_reads_the_archive(tenant: Tenant, tmp_path: Path) -> None:
    export(tenant, tmp_path)
    assert stat.S_IMODE((tmp_path / "export.tar.gz").stat().st_mode) == 0o600


def test_more_rows_than_a_batch_are_all_there(tenant: Tenant, tmp_path: Path) -> None:
    run = Run.objects.filter(tenant=tenant)[0]
    RunEvent.objects.bulk_create(
        RunEvent(tenant=tenant, run=run, seq=seq, kind="k", at=now()) for seq in range(100, 450)
    )
    events = parsed(export(tenant, tmp_path)["events.jsonl"])
    assert len({event["id"] for event in events}) == RunEvent.objects.filter(tenant=tenant).count()


def test_content_that_is_lost_is_counted(
    tenant: Tenant, tmp_path: Path, artifact_folder: Path
) -> None:
    lost = Artifact.objects.filter(tenant=tenant, run_id=None).get()
    (artifact_folder / str(tenant.id) / lost.sha256).unlink()
    counts = export_tenant(tenant_id=tenant.id, target=tmp_path / "e.tar.gz", at=now())
    assert (counts["missing"], counts["files"]) == (1, 2)


def test_a_failed_export_leaves_no_file(
    tenant: Tenant, tmp_path: Path, artifact_folder: Path
) -> None:
    content = Artifact.objects.filter(tenant=tenant, run_id=None).get().sha256
    file = artifact_folder / str(tenant.id) / content
    file.unlink()
    file.mkdir()
    (tmp_path / "to").mkdir()
    with pytest.raises(StoreUnavailable, match="Is a directory"):
        export_tenant(tenant_id=tenant.id, target=tmp_path / "to" / "e.tar.gz", at=now())
    assert list((tmp_path / "to").iterdir()) == []
    assert not AuditEntry.objects.filter(action="tenant.exported").exists()


def test_a_file_is_never_overwritten(tenant: Tenant, tmp_path: Path) -> None:
    (tmp_path / "export.tar.gz").write_text("mine")
    with pytest.raises(Conflict, match="already"):
        export(tenant, tmp_path)
    assert (tmp_path / "export.tar.gz").read_text() == "mine"


def command(*arguments: object) -> str:
    out = StringIO()
    call_command("export_tenant", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_a_suspended_tenant_is_exported(tenant: Tenant, tmp_path: Path) -> None:
    suspend_tenant(tenant_id=tenant.id, at=now())
    said = command(tenant.slug, "--to", tmp_path / "e.tar.gz")
    assert f"3 files of {tenant.slug}" in said


def test_a_deleted_tenant_is_exported_until_it_is_purged(tenant: Tenant, tmp_path: Path) -> None:
    delete_tenant(tenant_id=tenant.id, confirm_slug=tenant.slug, at=now())
    command(tenant.slug, "--to", tmp_path / "e.tar.gz")
    expire_reservations(at=now())
    tend_tenants(clock=now)
    with pytest.raises(CommandError, match=r"was purged at .*ledger"):
        command(tenant.id, "--to", tmp_path / "later.tar.gz")


def test_an_unknown_tenant_is_said_to_be_unknown(db: None) -> None:
    with pytest.raises(CommandError, match="no tenant 'nobody'"):
        command("nobody")


def test_a_place_that_cannot_be_written_is_named(tenant: Tenant, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere/e.tar.gz cannot be written: .*No such file"):
        command(tenant.slug, "--to", tmp_path / "nowhere" / "e.tar.gz")
