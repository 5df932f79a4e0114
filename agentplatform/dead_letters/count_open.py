"""Show how many dead letters nobody has decided about."""

from django.db.models import Count

from agentplatform.dead_letters.models import OPEN, DeadLetter
from agentplatform.telemetry.metrics import DEAD_LETTERS_OPEN


def count_open() -> dict[str, int]:
    """The open letters of each kind, which the gauge then shows. Reads by an index of the open."""
    rows = DeadLetter.objects.filter(OPEN).order_by().values_list("kind").annotate(Count("id"))
    found = dict.fromkeys(DeadLetter.Kind.values, 0) | dict(rows)
    for kind, number in found.items():
        DEAD_LETTERS_OPEN.labels(kind).set(number)
    return found
