"""The limits of tools: of every tenant, and of one."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat

from agentplatform.api.admin_of_tenant import TenantRows
from agentplatform.api.admin_refusal import ServiceAdmin
from agentplatform.core.admin import NOTHING
from agentplatform.core.clock import now
from apps.tools.models import ToolDefault, ToolLimit
from apps.tools.models.tool_limit import LIMITS
from apps.tools.services.set_tool_limits import delete_tool_limits, set_tool_limits
from apps.tools.services.tool_limits import limits_of_platform

_SHOWN = ("wall_seconds", "cpus", "memory", "artifacts_together", "updated_at")
_HINT = (
    "What is left empty is taken from the next wider place: a tenant's from the tool's, the tool's "
    "from the platform's own. Counts some seconds later."
)


def _wanted(form: Any) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in LIMITS}


class _LimitRows(ServiceAdmin):
    """Sizes as people read them, and beside each field what counts without a word."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field is not None and db_field.name in LIMITS:
            plain = getattr(limits_of_platform(), db_field.name)
            words = f"{plain:g}"
            if db_field.name.endswith("_bytes"):
                words = f"{plain} ({filesizeformat(plain)})"
            field.help_text = f"{db_field.help_text} The platform's own: {words}.".strip()
        if field is not None and db_field.name == "tool":
            field.help_text = "Such as code, browser, http or crm__find_customer."
        return field

    @admin.display(description="memory", ordering="memory_bytes")
    def memory(self, row: ToolDefault | ToolLimit) -> str:
        return NOTHING if row.memory_bytes is None else filesizeformat(row.memory_bytes)

    @admin.display(description="artifacts together", ordering="artifacts_bytes")
    def artifacts_together(self, row: ToolDefault | ToolLimit) -> str:
        return NOTHING if row.artifacts_bytes is None else filesizeformat(row.artifacts_bytes)


@admin.register(ToolDefault)
class ToolDefaultAdmin(_LimitRows):
    list_display = ("tool", *_SHOWN)
    search_fields = ("tool",)
    fieldsets = ((None, {"fields": ("tool", *LIMITS), "description": _HINT}),)
    actions = None

    def get_readonly_fields(self, _request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("tool",) if obj is not None else ()

    def save_model(self, _request: HttpRequest, obj: Any, form: Any, _change: bool) -> None:
        set_tool_limits(tenant_id=None, tool=obj.tool, limits=_wanted(form), at=now())
        obj.pk = ToolDefault.objects.get(tool=obj.tool).pk

    def delete_model(self, _request: HttpRequest, obj: Any) -> None:
        delete_tool_limits(tenant_id=None, tool=obj.tool, at=now())


@admin.register(ToolLimit)
class ToolLimitAdmin(_LimitRows, TenantRows):
    named_by = ("tenant", "tool")
    list_display = ("tenant", "tool", *_SHOWN)
    list_filter = ("tool", "tenant")
    search_fields = ("tool", "tenant__slug")
    fieldsets = ((None, {"fields": ("tenant", "tool", *LIMITS), "description": _HINT}),)

    def save_model(self, _request: HttpRequest, obj: Model, form: Any, _change: bool) -> None:
        set_tool_limits(**self.key_of(obj), limits=_wanted(form), at=now())
        self.find(obj)

    def delete_model(self, _request: HttpRequest, obj: Model) -> None:
        delete_tool_limits(**self.key_of(obj), at=now())
