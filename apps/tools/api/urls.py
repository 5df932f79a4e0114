"""Addresses."""

from django.urls import path

from apps.tools.api import (
    artifacts,
    egress,
    mcp_servers,
    tool_calls,
    tool_limits,
    tool_secrets,
    tools,
)

urlpatterns = [
    path("tools", tools.ToolList.as_view(), name="tools"),
    path("mcp-servers", mcp_servers.McpServerList.as_view(), name="mcp-servers"),
    path("mcp-servers/<uuid:server_id>", mcp_servers.McpServerDetail.as_view(), name="mcp-server"),
    path(
        "mcp-servers/<uuid:server_id>/refresh",
        mcp_servers.McpServerRefresh.as_view(),
        name="mcp-server-refresh",
    ),
    path("artifacts", artifacts.ArtifactList.as_view(), name="artifacts"),
    path("artifacts/<uuid:artifact_id>", artifacts.ArtifactDetail.as_view(), name="artifact"),
    path(
        "artifacts/<uuid:artifact_id>/content",
        artifacts.ArtifactContent.as_view(),
        name="artifact-content",
    ),
    path(
        "artifacts/<uuid:artifact_id>/thumbnail",
        artifacts.ArtifactThumbnail.as_view(),
        name="artifact-thumbnail",
    ),
    path(
        "artifacts/<uuid:artifact_id>/link", artifacts.ArtifactLink.as_view(), name="artifact-link"
    ),
    path("tool-calls/<uuid:call_id>", tool_calls.ToolCallDetail.as_view(), name="tool-call"),
    path("tool-limits", tool_limits.ToolLimitList.as_view(), name="tool-limits"),
    path("tool-secrets", tool_secrets.ToolSecretList.as_view(), name="tool-secrets"),
    path("tool-secrets/<str:name>", tool_secrets.ToolSecretDetail.as_view(), name="tool-secret"),
    path("egress-rules", egress.EgressRuleList.as_view(), name="egress-rules"),
    path("egress-rules/<uuid:rule_id>", egress.EgressRuleDetail.as_view(), name="egress-rule"),
    path("egress-requests", egress.EgressRequestList.as_view(), name="egress-requests"),
]
