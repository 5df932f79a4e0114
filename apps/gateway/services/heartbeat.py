"""Keeps the leases of this process's running calls alive."""

from contextlib import AbstractContextManager
from uuid import UUID

from django.db import connection

from agentplatform.core import clock
from agentplatform.core.leases import CALL_LEASE, Renewer
from apps.gateway.models import LlmCall
from apps.gateway.states import RUNNING


def hold_lease(token: UUID) -> AbstractContextManager[None]:
    """Renew the lease of `token` inside the block."""
    return _renewer.hold(token)


def renew(tokens: list[UUID]) -> None:
    """Extend these leases in one statement; one that was taken away stays lost."""
    try:
        running = LlmCall.objects.filter(lease_token__in=tokens, status=RUNNING)
        running.update(lease_expires_at=clock.now() + CALL_LEASE)
    finally:
        connection.close()


_renewer = Renewer(renew)
