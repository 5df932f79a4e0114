"""The leases of the model calls that this process works on."""

from agentplatform.calls.lease import lease_renewer
from agentplatform.core.drain import gives_back
from apps.gateway.models import LlmCall
from apps.gateway.services.engine import abandon_calls

leases = lease_renewer(LlmCall)


@gives_back
def give_back() -> int:
    """First the leases, so that an answer which comes meanwhile is not recorded; then the calls."""
    released = leases.release_held()
    abandon_calls()
    return released
