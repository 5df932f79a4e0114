"""What tenants itself holds of a tenant: people, keys, secrets, money and the audit."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from agentplatform.core.rows import rows_of
from apps.tenants.contracts import Counts, Exported, ExportedRows
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

_EXPORTED = (
    ("users", User, ("password",)),
    ("api_keys", ApiKey, ("key_hash",)),
    ("secrets", Secret, ("ciphertext",)),
    ("budgets", Budget, ()),
    ("alerts", Alert, ()),
    ("rate_limits", RateLimit, ()),
    ("accounts", Account, ()),
    ("reservations", Reservation, ()),
    ("ledger", LedgerEntry, ()),
    ("audit", AuditEntry, ()),
)
"""Each file, whose rows it has, and the columns that nobody gets to see."""

_PURGED = (
    ("alerts", Alert),
    ("budgets", Budget),
    ("rate_limits", RateLimit),
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
    if ended_before is not None:
        number = _old_alerts(tenant_id, ended_before).count()
        return {"alerts": number} if number else {}
    counts = {
        name: model._default_manager.filter(tenant_id=tenant_id).count() for name, model in _PURGED
    }
    return {name: number for name, number in counts.items() if number}


def purge(*, tenant_id: UUID, ended_before: datetime | None, limit: int) -> Counts:
    if ended_before is not None:
        number = _delete(_old_alerts(tenant_id, ended_before), limit)
        return {"alerts": number} if number else {}
    for name, model in _PURGED:
        number = _delete(model._default_manager.filter(tenant_id=tenant_id), limit)
        if number:
            return {name: number}
    return {}


def _old_alerts(tenant_id: UUID, before: datetime) -> QuerySet[Alert]:
    """The rest does not end by itself: without the alert of its month, a budget is warned of
    again."""
    of_no_month = Q(kind="providers_failed") | Q(subject__startswith="run:")
    return Alert.objects.filter(of_no_month, tenant_id=tenant_id, created_at__lt=before)


def _delete(rows: QuerySet[Any], limit: int) -> int:
    ids: list[Any] = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
    if ids:
        rows.filter(pk__in=ids).delete()
    return len(ids)
