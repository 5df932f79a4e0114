"""Celery's door."""

from uuid import UUID

from agentplatform.core import clock
from agentplatform.core.tasks import EVERY_TENANT, platform_task
from apps.gateway.services.complete_call import complete_call
from apps.gateway.services.expire_reservations import expire_reservations as expire


@platform_task(name="gateway.complete", of="llm_calls")
def complete(*, call_id: str) -> str:
    """Complete one planned call. Returns its id; what came of it stands in its row."""
    complete_call(call_id=UUID(call_id), clock=clock.now)
    return call_id


@platform_task(name="gateway.expire_reservations", of=EVERY_TENANT)
def expire_reservations() -> None:
    """Charge the attempts whose worker died."""
    expire(at=clock.now())
