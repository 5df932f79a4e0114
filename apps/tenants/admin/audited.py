"""Rows that no service changes: the admin saves them, and writes down what it saved."""

from typing import Any, cast
from uuid import UUID

from django.db.models import Model
from django.http import HttpRequest

from agentplatform.api.admin_refusal import ServiceAdmin
from agentplatform.core.clock import now
from agentplatform.core.transactions import transaction
from apps.tenants.services.record_change import record_change


class AuditedAdmin(ServiceAdmin):
    """Of `audited_fields`, those changed in the form are written, so that nothing that happened
    meanwhile is undone. The audit says `<audit_noun>.changed`."""

    audit_noun: str
    audited_fields: tuple[str, ...]

    def audit_tenant_id(self, row: Model) -> UUID | None:
        """Whose change it is."""
        return cast(UUID | None, getattr(row, "tenant_id", None))

    def save_model(self, _request: HttpRequest, obj: Model, form: Any, _change: bool) -> None:
        fields = [name for name in self.audited_fields if name in form.changed_data]
        if not fields:
            return
        with transaction():
            rows = self.model.objects.select_for_update(no_key=True)
            before = rows.values(*fields).get(pk=obj.pk)
            obj.save(update_fields=fields)
            record_change(
                tenant_id=self.audit_tenant_id(obj),
                action=f"{self.audit_noun}.changed",
                target=(self.audit_noun, obj.pk),
                at=now(),
                before=before,
                after={name: getattr(obj, name) for name in fields},
            )
