"""The one place that sets the status of a tool call."""

from typing import Any

from django.db.models import QuerySet

from apps.tools.models import ToolCall
from apps.tools.states import CALL


def move_calls(calls: QuerySet[ToolCall], *, to: str, **changes: Any) -> int:
    """Move those of `calls` that may become `to`, in one statement. Returns how many did.

    Opens no transaction of its own. A terminal state gives up the lease.
    """
    if to in CALL.terminal:
        changes |= {"lease_token": None, "lease_expires_at": None}
    return calls.filter(status__in=CALL.sources_of(to)).update(status=to, **changes)
