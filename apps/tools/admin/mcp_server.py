"""The admin of MCP servers, which their tenants register: to switch off, or to send another
secret."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import TabularInline

from agentplatform.api.admin_of_tenant import TenantRows
from agentplatform.core.admin import ReadOnly
from agentplatform.core.clock import now
from apps.tools.models import McpServer, McpTool
from apps.tools.services.change_mcp_server import change_mcp_server, delete_mcp_server

_CHANGED = ("secret", "is_enabled")


class _Tools(ReadOnly, TabularInline):
    model = McpTool
    fields = ("called", "name", "description", "is_repeatable")
    readonly_fields = fields
    extra = 0


@admin.register(McpServer)
class McpServerAdmin(TenantRows):
    named_by = ("tenant", "name")
    list_display = ("name", "tenant", "url", "is_enabled", "refreshed_at")
    search_fields = ("name", "url", "tenant__slug")
    fields = (
        "tenant", "name", "url", "secret", "is_enabled", "protocol_version", "left_out",
        "created_at", "refreshed_at",
    )  # fmt: skip
    inlines = (_Tools,)

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, _request: HttpRequest, _obj: Any = None) -> tuple[str, ...]:
        return tuple(field for field in self.fields if field not in _CHANGED)

    def save_model(self, _request: HttpRequest, obj: Model, _form: Any, _change: bool) -> None:
        assert isinstance(obj, McpServer)
        change_mcp_server(
            tenant_id=obj.tenant_id,
            server_id=obj.id,
            is_enabled=obj.is_enabled,
            secret=obj.secret,
            at=now(),
        )

    def delete_model(self, _request: HttpRequest, obj: Model) -> None:
        assert isinstance(obj, McpServer)
        delete_mcp_server(tenant_id=obj.tenant_id, server_id=obj.id, at=now())
