"""What beat sends, and how often: one table."""

from typing import Any, Final

_ROWS: Final = (
    ("runs.recover", 1.0, 5.0),
    ("runs.watch_budgets", 5.0, 5.0),
    ("gateway.expire_reservations", 10.0, 10.0),
    ("runs.count_dead_letters", 15.0, 15.0),
    ("runs.count_waiting", 15.0, 15.0),
    ("tenants.watch_budgets", 15.0, 15.0),
    ("tenants.tend", 60.0, 60.0),
    ("tools.ask_for_thumbnails", 60.0, 60.0),
    ("gateway.forget_keys", 600.0, 600.0),
    ("tenants.purge_expired", 3600.0, 3600.0),
    ("tools.sweep_artifacts", 6 * 3600.0, 3600.0),
)
"""Task, seconds between two of it, and seconds after which one that no worker took is dropped."""

BEAT_SCHEDULE: Final[dict[str, dict[str, Any]]] = {
    task: {"task": task, "schedule": every_seconds, "options": {"expires": expires_seconds}}
    for task, every_seconds, expires_seconds in _ROWS
}
