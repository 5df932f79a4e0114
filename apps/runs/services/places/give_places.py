"""Give the free places to those that wait."""

from datetime import datetime

from apps.runs.services.places.admit_runs import admit_runs
from apps.runs.services.places.release_calls import release_calls
from apps.runs.services.places.turns import BATCH


def give_places(*, at: datetime) -> int:
    """How many runs were started and calls sent. Harmless when repeated, or twice at once: it does
    nothing when nothing waits or nothing is free. Opens transactions; needs the platform's scope.
    """
    total = 0
    for give in (admit_runs, release_calls):
        while given := give(at=at):
            total += given
            if given < BATCH:
                break
    return total
