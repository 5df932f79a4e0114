"""The admin of MCP servers, which their tenants register: to switch off, or to send another
secret."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import TabularInline

from agentplatform.api.admin_of_tenant import TenantRows
from agentplatform.core.admin import ReadOnly, as_block
from agentplatform.core.clock import now
from apps.tools.models import McpServer, McpTool
from apps.tools.services.change_mcp_server import change_mcp_server, delete_mcp_server

_CHANGED = ("secret", "is_enabled")


class McpServerForm(forms.ModelForm):  # type: ignore[type-arg]
    """What may be changed of a server; the service judges it."""

    class Meta:
        model = McpServer
        fields = _CHANGED
        help_texts: ClassVar = {
            "secret": "The name of a tool secret of the tenant that the server is sent. Empty: "
            "none.",
            "is_enabled": "Off: its tools are not there for steps and agents.",
        }


class _Tools(ReadOnly, TabularInline):
    model = McpTool
    fields = ("called", "name", "description", "is_repeatable")
    readonly_fields = fields
    extra = 0
    hide_title = True


@admin.register(McpServer)
class McpServerAdmin(TenantRows):
    named_by = ("tenant", "name")
    form = McpServerForm
    list_display = ("name", "tenant", "address", "is_enabled", "refreshed_at")
    list_filter = ("is_enabled", "tenant")
    search_fields = ("name", "url", "tenant__slug")
    fields = (
        "tenant", "name", "address", "secret", "is_enabled", "protocol_version",
        "tools_left_out", "created_at", "refreshed_at",
    )  # fmt: skip
    inlines = (_Tools,)

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, _request: HttpRequest, _obj: Any = None) -> tuple[str, ...]:
        return tuple(field for field in self.fields if field not in _CHANGED)

    @admin.display(description="URL", ordering="url")
    def address(self, server: McpServer) -> str:
        return server.url

    @admin.display(description="tools left out")
    def tools_left_out(self, server: McpServer) -> str:
        return as_block(server.left_out or None)

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
