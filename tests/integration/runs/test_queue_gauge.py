"""The metric of what waits in the queues."""

import pytest
from celery import current_app

from agentplatform.telemetry.metrics import SQS_MESSAGES_VISIBLE
from apps.runs.tasks import count_waiting_task
from tests.integration.runs.worker_process import push

pytestmark = pytest.mark.django_db


def shown(queue: str) -> float:
    count_waiting_task()
    return float(SQS_MESSAGES_VISIBLE.labels(queue)._value.get())


def test_the_gauge_of_a_queue_follows_the_messages_that_wait_in_it() -> None:
    before = shown("llm")
    push("llm", b"{}")
    push("llm", b"{}")
    assert shown("llm") == before + 2
    with current_app.connection_for_write() as connection:
        connection.default_channel.queue_purge("llm")
    assert shown("llm") == 0
