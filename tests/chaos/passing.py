"""Time that passes at once: whatever the rows count from or to is moved into the past."""

from django.db import connections

from agentplatform.core.tenancy import ADMIN

LONG = 61
"""Longer than any lease, and than any message may take before it counts as lost."""

_MOVED = {
    "steps": (
        "status in ('QUEUED', 'RUNNING', 'WAITING', 'RETRYING')",
        ("lease_expires_at", "dispatched_at", "changed_at", "next_attempt_at", "wait_until"),
    ),
    "llm_calls": (
        "status in ('QUEUED', 'RUNNING')",
        ("lease_expires_at", "dispatched_at", "created_at", "next_attempt_at"),
    ),
    "tool_events": (
        "status in ('QUEUED', 'RUNNING')",
        ("lease_expires_at", "dispatched_at", "created_at", "next_attempt_at"),
    ),
    "runs": ("finalized_at is null", ("advanced_at",)),
    "reservations": ("true", ("deadline",)),
}


def pass_time(seconds: int = LONG) -> None:
    """As if every process had stood still for so long: leases of who works now are lost."""
    with connections[ADMIN].cursor() as cursor:
        for table, (condition, columns) in _MOVED.items():
            changes = ", ".join(f"{name} = {name} - interval '{seconds} s'" for name in columns)
            cursor.execute(f"update {table} set {changes} where {condition}")
