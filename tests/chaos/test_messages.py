"""Each message lost, doubled ten times, reordered: rows decide, messages hint."""

import random
import threading
from collections.abc import Iterator
from contextvars import copy_context
from queue import Empty, SimpleQueue

import pytest
from django.conf import settings
from django.db import connections
from django.test import override_settings
from kombu.message import Message
from pydantic import SecretStr

from agentplatform.core.clock import now
from apps.gateway.services.engine import reset_engine
from apps.runs.models import Run
from apps.runs.selectors import newest_version
from apps.runs.services.create_run import create_run
from tests.chaos.audit import audit
from tests.chaos.courier import deliver, work
from tests.chaos.stack import FIVE_STEPS, QUICK, make_task
from tests.integration.runs.conftest import take_messages
from tests.provider import Provider

pytestmark = pytest.mark.usefixtures("broker")

AGENT = {"kind": "agent", "name": "agent", "model": "openai:agent", "tools": ["code"],
         "instructions": "Count.", "prompt": "Go.", "needs": ["first"]}  # fmt: skip
STEPS = [*FIVE_STEPS, AGENT]
COPIES = 10
HANDS = 4


@pytest.fixture(autouse=True)
def _gateway(provider: Provider, transactional_db: None) -> Iterator[None]:
    """This process's gateway asks the test provider, and no old message waits."""
    provider.reset()
    take_messages()
    changes = {
        "openai_api_key": SecretStr("k"),
        "openai_base_url": provider.openai_base_url,
        "openai_model": "gpt-4o-mini",
    }
    with override_settings(PLATFORM=settings.PLATFORM.model_copy(update=changes)):
        yield
        reset_engine()


def start_run() -> Run:
    run, _ = create_run(
        version=newest_version(make_task(STEPS)), given={}, created_by=None, at=now()
    )
    return run


def is_completed(run: Run) -> bool:
    run.refresh_from_db()
    return run.status == "COMPLETED"


def test_each_message_may_be_lost(provider: Provider) -> None:
    lost = 0
    while True:
        run, seen = start_run(), 0

        def all_but_one(messages: list[Message], lost: int = lost) -> Iterator[Message]:
            nonlocal seen
            for message in messages:
                if seen != lost:
                    yield message
                seen += 1

        work(all_but_one)
        assert is_completed(run), f"without message {lost}"
        if seen <= lost:
            break
        lost += 1
    assert lost > len(STEPS)
    audit(provider, within_seconds=QUICK, deaths=0)


def test_each_message_may_come_ten_times_at_once(provider: Provider) -> None:
    run = start_run()

    def carry(messages: list[Message]) -> None:
        waiting: SimpleQueue[Message] = SimpleQueue()
        for message in messages:
            waiting.put(message)
        threads = [
            threading.Thread(target=copy_context().run, args=(empty, waiting)) for _ in range(HANDS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    work(lambda messages: [message for message in messages for _ in range(COPIES)], carry)
    assert is_completed(run)
    audit(provider, within_seconds=QUICK, deaths=0)


def empty(waiting: "SimpleQueue[Message]") -> None:
    try:
        while True:
            deliver(waiting.get_nowait())
    except Empty:
        connections.close_all()


@pytest.mark.parametrize("seed", range(3))
def test_they_may_come_in_any_order_and_again_much_later(provider: Provider, seed: int) -> None:
    luck = random.Random(seed)
    for _ in range(3):
        start_run()
    held: list[Message] = []
    told: list[Message] = []

    def any_order(messages: list[Message]) -> list[Message]:
        held.extend(messages)
        luck.shuffle(held)
        now_due = [held.pop() for _ in range((len(held) + 1) // 2)]
        again = luck.sample(told, min(3, len(told)))
        told.extend(now_due)
        return [*again, *now_due]

    work(any_order)
    assert set(Run.objects.values_list("status", flat=True)) == {"COMPLETED"}
    audit(provider, within_seconds=QUICK, deaths=0)
