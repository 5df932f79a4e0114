"""Queues on SQS's protocol: how they are made, found, and asked how they are."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import EndpointConnectionError
from celery import current_app
from kombu import Connection
from structlog.testing import capture_logs

from agentplatform.api.health import check_broker
from agentplatform.celery import transport_options
from agentplatform.embedded.ports import any_free
from agentplatform.queues import QUEUES
from agentplatform.settings.environment import ROOT, Environment
from agentplatform.settings.queue_urls import parse_queue_urls
from agentplatform.sqs.look import look_at_queues
from agentplatform.sqs.queues import create_queues, dead_letters_of, find_weaknesses
from tests.sqs import HOST, REGION, sqs_client

DAY = 24 * 3600


@pytest.fixture
def sqs(sqs_address: str) -> Any:
    return sqs_client(sqs_address)


@pytest.fixture
def prefix() -> str:
    return f"test-{uuid4().hex[:8]}-"


def attributes_of(sqs: Any, url: str) -> dict[str, str]:
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    found: dict[str, str] = answer["Attributes"]
    return found


def connect(address: str, prefix: str) -> Connection:
    platform = Environment(sqs_queue_urls="", sqs_queue_prefix=prefix, aws_region=REGION)
    options = transport_options(platform, broker_url="sqs://") | {"wait_time_seconds": 1}
    url = f"sqs://test:test@{address.removeprefix('http://')}"
    return Connection(url, transport_options=options)


def url_of(sqs: Any, prefix: str) -> str:
    """Where the queue `some` is."""
    return str(sqs.get_queue_url(QueueName=f"{prefix}some")["QueueUrl"])


def test_the_command_makes_each_queue_and_prints_where_they_are(
    sqs: Any, sqs_address: str, prefix: str
) -> None:
    environment = {
        **os.environ,
        "BROKER_URL": f"sqs://test:test@{sqs_address.removeprefix('http://')}",
        "AWS_REGION": REGION,
        "SQS_QUEUE_URLS": "",
        "SQS_QUEUE_PREFIX": prefix,
        "DJANGO_SETTINGS_MODULE": "agentplatform.settings.local",
    }
    command = [sys.executable, "manage.py", "create_queues"]
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    urls = parse_queue_urls(answer.stdout)
    assert list(urls) == [queue.name for queue in QUEUES]
    for name, url in urls.items():
        made = attributes_of(sqs, url)
        assert url.endswith(f"/{prefix}{name}")
        assert made["VisibilityTimeout"] == "900"
        assert made["MessageRetentionPeriod"] == str(4 * DAY)
        assert made["ReceiveMessageWaitTimeSeconds"] == "20"
        dead = attributes_of(sqs, dead_letters_of(url))
        assert json.loads(made["RedrivePolicy"]) == {
            "deadLetterTargetArn": dead["QueueArn"],
            "maxReceiveCount": 5,
        }
        assert dead["MessageRetentionPeriod"] == str(14 * DAY)


def test_a_queue_that_differs_is_changed(sqs: Any, prefix: str) -> None:
    before = create_queues(sqs, names=["steps"], prefix=prefix, visibility_seconds=30)
    after = create_queues(sqs, names=["steps"], prefix=prefix, visibility_seconds=900)
    assert after == before
    assert attributes_of(sqs, after["steps"])["VisibilityTimeout"] == "900"


def test_a_queue_as_the_command_makes_it_lacks_nothing(sqs: Any, prefix: str) -> None:
    urls = create_queues(sqs, names=["steps"], prefix=prefix, visibility_seconds=900)
    assert find_weaknesses(sqs, urls["steps"], visibility_seconds=900) == {}


def test_what_a_queue_made_elsewhere_lacks_is_named(sqs: Any, prefix: str) -> None:
    attributes = {"VisibilityTimeout": "30", "DelaySeconds": "5"}
    url = sqs.create_queue(QueueName=f"{prefix}steps", Attributes=attributes)["QueueUrl"]
    weak = find_weaknesses(sqs, url, visibility_seconds=900)
    assert set(weak) == {"VisibilityTimeout", "DelaySeconds", "RedrivePolicy"}


@pytest.mark.parametrize("broker", ["sqs"], indirect=True)
def test_a_worker_says_what_its_queues_lack(broker: str, sqs: Any) -> None:
    worker = SimpleNamespace(app=current_app)
    with capture_logs() as lines:
        look_at_queues(worker)
    assert lines == []
    urls = current_app.conf.broker_transport_options["predefined_queues"]
    sqs.set_queue_attributes(QueueUrl=urls["llm"]["url"], Attributes={"VisibilityTimeout": "30"})
    with capture_logs() as lines:
        look_at_queues(worker)
    assert [(line["event"], line["queue"]) for line in lines] == [("sqs.queue_weak", "llm")]


def test_a_queue_without_an_address_is_made_under_its_prefix(
    sqs: Any, sqs_address: str, prefix: str
) -> None:
    with connect(sqs_address, prefix) as broker, broker.SimpleQueue("some") as queue:
        queue.put({"id": 1})
        message = queue.get(timeout=10)
        assert message.payload == {"id": 1}
        message.ack()
    assert attributes_of(sqs, url_of(sqs, prefix))["VisibilityTimeout"] == "900"


def test_a_message_that_is_gone_leaves_its_place_when_it_is_given_back(
    sqs: Any, sqs_address: str, prefix: str
) -> None:
    with connect(sqs_address, prefix) as broker, broker.SimpleQueue("some") as queue:
        queue.put({})
        queue.consumer.qos(prefetch_count=1)
        message = queue.get(timeout=10)
        assert not message.channel.qos.can_consume()
        sqs.purge_queue(QueueUrl=url_of(sqs, prefix))
        message.requeue()
        assert message.channel.qos.can_consume()


@pytest.mark.parametrize("broker", ["sqs"], indirect=True)
def test_readiness_asks_a_queue(broker: str, settings: Any) -> None:
    settings.CELERY_BROKER_URL = "sqs://"
    check_broker()
    settings.CELERY_BROKER_URL = f"sqs://test:test@{HOST}:{any_free()}"
    with pytest.raises(EndpointConnectionError):
        check_broker()
