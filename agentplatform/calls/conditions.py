"""Conditions on calls that more than one statement asks for."""

from datetime import datetime

from django.db.models import Q

from agentplatform.calls.states import RUNNING


def abandoned(at: datetime) -> Q:
    """Somebody took the call and let its lease expire."""
    return Q(status=RUNNING, lease_expires_at__lte=at)


def may_start(at: datetime) -> Q:
    """The call does not wait for a later time."""
    return Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=at)
