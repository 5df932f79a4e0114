"""`broker`: where the tests of the engine send their messages. --broker=sqs moves all of them."""

from collections.abc import Iterator, Mapping
from uuid import uuid4

import pytest
from celery import current_app
from kombu import pools

from agentplatform.sqs import transport
from tests.sqs import running_sqs, sqs_environment


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
            # New queues, so that no reader of an earlier module still waits at them.
            prefix = f"test-{uuid4().hex[:8]}-"
            move_to(patch, sqs_environment(address, prefix=prefix))
        yield name
    if name == "sqs":
        connect_anew()


def move_to(patch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> None:
    """This process sends and takes messages where a process of this environment does, without
    waiting for any. What the patch undoes, connect_anew completes."""
    from agentplatform.celery import transport_options
    from agentplatform.settings.environment import Environment

    for name, value in environment.items():
        patch.setenv(name, value)
    platform = Environment()
    url = platform.broker_url or platform.redis_url
    options = transport_options(platform, broker_url=url)
    if url.startswith("sqs:"):
        options["wait_time_seconds"] = 0
    patch.setitem(current_app.conf, "broker_url", url)
    patch.setitem(current_app.conf, "broker_transport_options", options)
    connect_anew()


def connect_anew() -> None:
    """Forget the connections to the broker before."""
    pools.reset()
    transport._clients.clear()  # each is of the address that the environment named then
    current_app._pool = None
    current_app.amqp._producer_pool = None
