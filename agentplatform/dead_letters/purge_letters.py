"""Delete the dead letters that nobody needs any more."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import Q, QuerySet

from agentplatform.dead_letters.models import DeadLetter

log = structlog.get_logger("dead_letters")

BATCH = 1000


def purge_letters(*, at: datetime) -> int:
    """Delete what expired_letters gives; returns how many. Harmless when repeated or killed.

    Each batch commits by itself.
    """
    deleted = 0
    while ids := list(expired_letters(at=at).values_list("id", flat=True)[:BATCH]):
        deleted += DeadLetter.objects.filter(id__in=ids).delete()[0]
    if deleted:
        log.info("dead_letters.purged", count=deleted)
    return deleted


def expired_letters(*, at: datetime) -> "QuerySet[DeadLetter]":
    """Letters that were decided about longer ago than DEAD_LETTER_RETENTION_DAYS, and letters of
    messages that are older. Of a step or a call, one that is open goes with its run alone."""
    until = at - timedelta(days=settings.PLATFORM.dead_letter_retention_days)
    is_old_message = Q(kind=DeadLetter.Kind.MESSAGE, created_at__lt=until)
    is_resolved = Q(replayed_at__lt=until) | Q(discarded_at__lt=until)
    return DeadLetter.objects.filter(is_old_message | is_resolved)
