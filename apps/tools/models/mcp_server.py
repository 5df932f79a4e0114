"""An MCP server that a tenant has registered, and the tools that it listed."""

from django.db import models

from agentplatform.core.ids import new_id


class McpServer(models.Model):
    """`secret` names the tool secret that the server is sent; `left_out` says of its tools that
    cannot be used why."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=24)
    url = models.CharField(max_length=2000)
    secret = models.CharField(max_length=63, blank=True)
    is_enabled = models.BooleanField(default=True)
    protocol_version = models.CharField(max_length=32)
    left_out = models.JSONField(default=list)
    created_at = models.DateTimeField()
    refreshed_at = models.DateTimeField()

    class Meta:
        db_table = "mcp_servers"
        verbose_name = "MCP server"
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("tenant", "name"), name="mcp_servers_one_name"),
        )

    def __str__(self) -> str:
        return self.name


class McpTool(models.Model):
    """`name` is what the server calls it, `called` what steps and models do."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    server = models.ForeignKey(
        McpServer, on_delete=models.CASCADE, related_name="tools", db_constraint=False
    )
    name = models.CharField(max_length=200)
    called = models.CharField(max_length=64)
    description = models.TextField(blank=True)
    parameters = models.JSONField()
    result = models.JSONField(null=True, blank=True)
    is_repeatable = models.BooleanField(default=False)

    class Meta:
        db_table = "mcp_tools"
        verbose_name = "MCP tool"
        ordering = ("called",)
        constraints = (
            models.UniqueConstraint(fields=("tenant", "called"), name="mcp_tools_one_name"),
        )

    def __str__(self) -> str:
        return self.called
