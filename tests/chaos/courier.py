"""Delivers the messages of the real queues in this process: which, how often, in what order."""

from collections.abc import Callable, Iterable
from typing import Any

from celery import current_app
from celery.app.trace import trace_task_ret
from kombu.message import Message

from agentplatform.core.clock import now
from apps.runs.models import Run
from apps.runs.services.recover import recover
from tests.chaos.passing import pass_time
from tests.integration.runs.conftest import take_messages

Hand = Callable[[list[Message]], Iterable[Message]]


def deliver(message: Message) -> None:
    """As a worker would: the task is called, and what follows it in its canvas is sent."""
    headers: dict[str, Any] = dict(message.headers)
    trace_task_ret(
        headers["task"],
        headers["id"],
        headers,
        message.body,
        message.content_type,
        message.content_encoding,
        app=current_app._get_current_object(),
    )


def work(hand: Hand, carry: Callable[[list[Message]], None] | None = None) -> int:
    """Deliver what `hand` makes of the waiting messages, again and again; recover when none waits.
    Returns how many were sent, once every run is over and finalized."""
    current_app.loader.import_default_modules()
    sent = 0
    for _ in range(200):
        waiting = take_messages()
        sent += len(waiting)
        handed = list(hand(waiting))
        if carry is not None:
            carry(handed)
        else:
            for message in handed:
                deliver(message)
        if not waiting:
            if not Run.objects.filter(finalized_at=None).exists():
                return sent
            pass_time()
            recover(at=now())
    raise AssertionError("the runs never come to rest")
