"""What tenants itself holds of a tenant: people, keys, secrets, money and the audit."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.core.rows import rows_of
from apps.tenants.contracts import Counts, Exported, ExportedRows
from apps.tenants.models import (
    Account,
    ApiKey,
    AuditEntry,
    Budget,
    BudgetAlert,
    LedgerEntry,
    Reservation,
    Secret,
    Tenant,
    User,
)

_EXPORTED = (
    ("users", User, ("password",)),
    ("api_keys", ApiKey, ("key_hash",)),
    ("secrets", Secret, ("ciphertext",)),
    ("budgets", Budget, ()),
    ("budget_alerts", BudgetAlert, ()),
    ("accounts", Account, ()),
    ("reservations", Reservation, ()),
    ("ledger", LedgerEntry, ()),
    ("audit", AuditEntry, ()),
)
"""Each file, whose rows it has, and the columns that nobody gets to see."""

_PURGED = (
    ("budget_alerts", BudgetAlert),
    ("budgets", Budget),
    ("api_keys", ApiKey),
    ("secrets", Secret),
    ("users", User),
)
"""Money and the audit stay. What is held for a call that nobody settled is charged in its time."""


def cancel_work(*, tenant_id: UUID, at: datetime, limit: int) -> int:  # noqa: ARG001
    """Nothing of these runs."""
    return 0


def count_work(*, tenant_id: UUID) -> Counts:  # noqa: ARG001
    return {}


def export(*, tenant_id: UUID) -> Iterator[Exported]:
    yield ExportedRows(name="tenant.json", rows=rows_of(Tenant.objects.filter(id=tenant_id)))
    for name, model, leave_out in _EXPORTED:
        rows = model._default_manager.filter(tenant_id=tenant_id)
        yield ExportedRows(name=f"{name}.jsonl", rows=rows_of(rows, leave_out=leave_out))


def count(*, tenant_id: UUID, ended_before: datetime | None) -> Counts:
    """These do not end by themselves."""
    if ended_before is not None:
        return {}
    counts = {
        name: model._default_manager.filter(tenant_id=tenant_id).count() for name, model in _PURGED
    }
    return {name: number for name, number in counts.items() if number}


def purge(*, tenant_id: UUID, ended_before: datetime | None, limit: int) -> Counts:
    if ended_before is not None:
        return {}
    for name, model in _PURGED:
        rows = model._default_manager.filter(tenant_id=tenant_id)
        ids: list[Any] = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
        if ids:
            rows.filter(pk__in=ids).delete()
            return {name: len(ids)}
    return {}
