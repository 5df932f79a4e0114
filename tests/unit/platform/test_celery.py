"""The broker's settings and the table of queues."""

import json
import subprocess
import sys
from typing import Any

import pytest
from celery import current_app
from pydantic import BaseModel

from agentplatform.celery import transport_options
from agentplatform.core.tasks import EVERY_TENANT, PlatformTask
from agentplatform.queues import POOLS, QUEUES, TASK_ROUTES
from agentplatform.settings.environment import Environment
from apps.tools.contracts import ToolRequest

URLS = {queue.name: f"https://sqs.example/1/{queue.name}" for queue in QUEUES}


def options(broker_url: str, **given: Any) -> dict[str, Any]:
    return transport_options(Environment(**given), broker_url=broker_url)


def test_sqs_polls_long_and_prefixes_the_queues() -> None:
    found = options("sqs://", sqs_queue_prefix="agents-", aws_region="eu-west-1")
    assert (found["wait_time_seconds"], found["queue_name_prefix"]) == (20, "agents-")
    assert (found["visibility_timeout"], found["region"]) == (900, "eu-west-1")
    assert "predefined_queues" not in found


def test_sqs_with_addresses_looks_for_no_queue_and_creates_none() -> None:
    found = options("sqs://", sqs_queue_urls=json.dumps(URLS))
    assert found["predefined_queues"] == {name: {"url": url} for name, url in URLS.items()}
    assert "queue_name_prefix" not in found


def test_valkey_takes_the_visibility_only() -> None:
    assert options("redis://127.0.0.1:6379/0") == {"visibility_timeout": 900}


def test_a_message_stays_invisible_for_longer_than_any_call_may_take() -> None:
    (shortest,) = _bounds(Environment, "broker_visibility_seconds", "ge")
    (longest_completion,) = _bounds(Environment, "call_deadline_seconds", "le")
    (longest_tool,) = _bounds(ToolRequest, "timeout_seconds", "le")
    assert shortest > max(longest_completion, longest_tool)


def _bounds(model: type[BaseModel], field: str, kind: str) -> list[float]:
    found = model.model_fields[field].metadata
    return [getattr(bound, kind) for bound in found if hasattr(bound, kind)]


def test_every_queue_is_read_by_a_pool_and_every_task_has_one_queue() -> None:
    assert {queue.pool for queue in QUEUES} == {pool.name for pool in POOLS}
    assert len(TASK_ROUTES) == sum(len(queue.tasks) for queue in QUEUES)


def test_a_message_is_acknowledged_after_the_work_and_returned_when_the_worker_is_lost() -> None:
    current_app.loader.import_default_modules()
    for name in TASK_ROUTES:
        task = current_app.tasks[name]
        assert task.acks_late
        assert task.reject_on_worker_lost


class Echo(PlatformTask):
    name = "tests.echo"
    of = EVERY_TENANT

    def run(self, *, call_id: str) -> str:
        return call_id


def test_a_task_ignores_keywords_of_a_newer_release() -> None:
    call_id = "0192f7a0-0000-7000-8000-000000000000"
    assert Echo()(call_id=call_id, priority="high") == call_id


LOADED = """
import django, sys
django.setup()
from celery.signals import celeryd_after_setup
from agentplatform.celery import app
app.amqp.queues.select(sys.argv[1:])
worker = type("Worker", (), {"app": app})
celeryd_after_setup.send(sender="a worker", instance=worker, conf=app.conf)
print("langgraph" in sys.modules)
"""


@pytest.mark.parametrize(("queue", "is_loaded"), [("steps", "True"), ("llm", "False")])
def test_a_worker_of_steps_loads_the_graphs_before_it_forks(queue: str, is_loaded: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", LOADED, queue], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == is_loaded
