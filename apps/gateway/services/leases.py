"""The leases of the model calls that this process works on."""

from agentplatform.calls.lease import lease_renewer
from apps.gateway.models import LlmCall

leases = lease_renewer(LlmCall)
