"""The leases of the tool calls that this process works on."""

from agentplatform.calls.lease import lease_renewer
from apps.tools.models import ToolCall

leases = lease_renewer(ToolCall)
