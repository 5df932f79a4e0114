"""Celery's door."""

from uuid import UUID

from agentplatform.core import clock
from agentplatform.core.tasks import EVERY_TENANT, NO_TENANT, platform_task
from apps.gateway.services.complete_calls import complete_calls
from apps.gateway.services.expire_reservations import expire_reservations as expire
from apps.gateway.services.forget_keys import forget_keys as forget


@platform_task(name="gateway.complete", of=NO_TENANT)
def complete(*, call_ids: list[str]) -> None:
    """Complete planned calls of one turn. What came of them stands in their rows."""
    complete_calls(call_ids=list(map(UUID, call_ids)), clock=clock.now)


@platform_task(name="gateway.expire_reservations", of=EVERY_TENANT)
def expire_reservations() -> None:
    """Charge the attempts whose worker died."""
    expire(at=clock.now())


@platform_task(name="gateway.forget_keys", of=EVERY_TENANT)
def forget_keys() -> None:
    """Delete the answers that were kept for repeated requests long enough."""
    forget(at=clock.now())
