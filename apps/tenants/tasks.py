"""Celery's door: the work that follows the ends of a tenant's life, and the watch over budgets."""

from agentplatform.core.clock import now
from agentplatform.core.tasks import EVERY_TENANT, platform_task
from agentplatform.dead_letters.purge_letters import purge_letters
from apps.tenants.services.dispatch import send_purge_expired, send_tend
from apps.tenants.services.purge_expired import purge_expired
from apps.tenants.services.tend_tenants import tend_tenants
from apps.tenants.services.watch_budgets import watch_budgets


@platform_task(name="tenants.tend", of=EVERY_TENANT)
def tend_task() -> None:
    """One round; what is left goes to the end of the queue."""
    if not tend_tenants(clock=now):
        send_tend()


@platform_task(name="tenants.purge_expired", of=EVERY_TENANT)
def purge_expired_task() -> None:
    purge_letters(at=now())
    if not purge_expired(clock=now):
        send_purge_expired()


@platform_task(name="tenants.watch_budgets", of=EVERY_TENANT)
def watch_budgets_task() -> None:
    watch_budgets(at=now())
