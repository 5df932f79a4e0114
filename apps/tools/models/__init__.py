from apps.tools.models.artifact import Artifact
from apps.tools.models.egress_request import EgressRequest
from apps.tools.models.egress_rule import EgressRule
from apps.tools.models.mcp_server import McpServer, McpTool
from apps.tools.models.tool_call import ToolCall
from apps.tools.models.tool_limit import ToolDefault, ToolLimit
from apps.tools.models.tool_secret import ToolSecret

__all__ = [
    "Artifact",
    "EgressRequest",
    "EgressRule",
    "McpServer",
    "McpTool",
    "ToolCall",
    "ToolDefault",
    "ToolLimit",
    "ToolSecret",
]
