"""The admin of what tenants set."""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from agentplatform.api.admin_refusal import ServiceAdmin


class TenantRows(ServiceAdmin):
    """Rows of tenants, which keep what names them: `named_by`, the tenant first."""

    named_by: tuple[str, ...]
    list_filter: Any = ("tenant",)
    list_select_related = ("tenant",)
    autocomplete_fields = ("tenant",)
    actions = None

    def get_readonly_fields(self, _request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.named_by if obj is not None else ()

    def key_of(self, obj: Model) -> dict[str, Any]:
        """What the services know the row by."""
        names = ("tenant_id", *self.named_by[1:])
        return {name: getattr(obj, name) for name in names}

    def find(self, obj: Model) -> None:
        """The row as the service wrote it, so that the page leads to it."""
        obj.pk = self.model._default_manager.get(**self.key_of(obj)).pk
