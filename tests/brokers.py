"""`broker`: where the tests of the engine send their messages. --broker=sqs moves all of them."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from celery import current_app
from kombu import pools

from agentplatform.queues import QUEUES
from tests.sqs import REGION, running_sqs


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--broker",
        choices=("valkey", "sqs"),
        default="valkey",
        help="what carries the engine's messages, where a test does not say it itself",
    )


@pytest.fixture(scope="session")
def sqs_address() -> Iterator[str]:
    with running_sqs() as address:
        yield address


@pytest.fixture(scope="module")
def broker(request: pytest.FixtureRequest) -> Iterator[str]:
    """The broker of this process and of those it starts: "valkey" or "sqs".

    `@pytest.mark.parametrize("broker", ["sqs"], indirect=True)` chooses.
    """
    name = getattr(request, "param", request.config.getoption("--broker"))
    with pytest.MonkeyPatch.context() as patch:
        if name == "sqs":
            address = request.getfixturevalue("sqs_address")
            _move_to_sqs(patch, address)
        yield name
    if name == "sqs":
        connect_anew()


def sqs_client(address: str) -> Any:
    """A boto3 client of the emulator."""
    return boto3.client(
        "sqs",
        endpoint_url=address,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def _move_to_sqs(patch: pytest.MonkeyPatch, address: str) -> None:
    """New queues, so that no reader of an earlier module still waits at them."""
    from agentplatform.celery import transport_options
    from agentplatform.settings.environment import Environment
    from agentplatform.sqs.queues import create_queues

    for name, value in {
        "AWS_ENDPOINT_URL_SQS": address,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "BROKER_URL": "sqs://",
        "SQS_WAIT_SECONDS": "1",
    }.items():
        patch.setenv(name, value)
    urls = create_queues(
        sqs_client(address),
        names=[queue.name for queue in QUEUES],
        prefix=f"test-{uuid4().hex[:8]}-",
        visibility_seconds=900,
    )
    patch.setenv("SQS_QUEUE_URLS", ",".join(f"{name}={url}" for name, url in urls.items()))
    options = transport_options(Environment(), broker_url="sqs://") | {"wait_time_seconds": 0}
    patch.setitem(current_app.conf, "broker_url", "sqs://")
    patch.setitem(current_app.conf, "broker_transport_options", options)
    connect_anew()


def connect_anew() -> None:
    """Forget the connections to the broker before."""
    pools.reset()
    current_app._pool = None
    current_app.amqp._producer_pool = None
