"""What a worker of steps does before it forks its children."""

from typing import Any

from celery.signals import celeryd_after_setup

from apps.runs.services.take_turn import load_takers


@celeryd_after_setup.connect
def _load_takers(instance: Any, **_: object) -> None:
    """Once, here, and not in each child's first agent turn, which LangGraph would make longer than
    all of its others together."""
    if "steps" in instance.app.amqp.queues.consume_from:
        load_takers()
