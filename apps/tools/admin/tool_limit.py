"""The limits of tools: of every tenant, and of one."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from agentplatform.api.admin_of_tenant import TenantRows
from agentplatform.api.admin_refusal import ServiceAdmin
from agentplatform.core.clock import now
from apps.tools.models import ToolDefault, ToolLimit
from apps.tools.models.tool_limit import LIMITS
from apps.tools.services.set_tool_limits import delete_tool_limits, set_tool_limits

_SHOWN = ("wall_seconds", "cpus", "memory_bytes", "artifacts_bytes", "updated_at")
_HINT = "What is left empty is taken from the next wider place. Counts some seconds later."


def _wanted(form: Any) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in LIMITS}


@admin.register(ToolDefault)
class ToolDefaultAdmin(ServiceAdmin):
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
class ToolLimitAdmin(TenantRows):
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
