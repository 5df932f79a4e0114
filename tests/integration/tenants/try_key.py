"""Asked inside a process that a test has started."""

from agentplatform.core.clock import now
from apps.tenants.contracts import InvalidCredentials
from apps.tenants.facade import authenticate


def is_good(raw: str) -> bool:
    """Whether this process lets the key in."""
    try:
        authenticate(raw=raw, at=now())
    except InvalidCredentials:
        return False
    return True
