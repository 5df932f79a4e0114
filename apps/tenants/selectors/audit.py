"""Who changed what."""

from uuid import UUID

from django.db.models import QuerySet

from apps.tenants.contracts import AuditFilter
from apps.tenants.models import AuditEntry
from apps.tenants.selectors.narrowing import narrow

AUDIT_FIELDS = (
    "id", "at", "tenant_id", "actor_kind", "actor_id", "actor_name", "action", "target_kind",
    "target_id", "before", "after", "address", "trace_id",
)  # fmt: skip
"""What is shown of an audit entry, wherever it is shown."""


def audit_entries(*, tenant_id: UUID | None, wanted: AuditFilter) -> QuerySet[AuditEntry]:
    """The entries that are wanted of a tenant; None: of every tenant and of the platform."""
    entries = AuditEntry.objects.all()
    if tenant_id is not None:
        entries = entries.filter(tenant_id=tenant_id)
    return narrow(entries, wanted, same=("action", "actor_id", "target_id"), at="at")
