"""Forget what idempotency keys stood for."""

from datetime import datetime

from agentplatform.core.transactions import transaction
from apps.gateway.models import KeyedCall
from apps.gateway.services.keyed_calls import KEPT_FOR

BATCH = 500


def forget_keys(*, at: datetime) -> int:
    """How many calls were deleted that are older than KEPT_FOR. Opens a transaction per batch."""
    total = 0
    while True:
        with transaction():
            old = KeyedCall.objects.filter(created_at__lte=at - KEPT_FOR)
            ids = list(old.order_by("created_at").values_list("pk", flat=True)[:BATCH])
            KeyedCall.objects.filter(pk__in=ids).delete()
        total += len(ids)
        if len(ids) < BATCH:
            return total
