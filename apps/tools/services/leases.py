"""The leases of the tool calls that this process works on."""

from agentplatform.calls.lease import lease_renewer
from agentplatform.core.drain import gives_back
from apps.tools.models import ToolCall

leases = lease_renewer(ToolCall)
gives_back(leases.release_held)
