"""Workers that die with a message in hand, and messages that kill them, on SQS's protocol."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from kombu import Connection

from agentplatform.celery import transport_options
from agentplatform.core.transactions import transaction
from agentplatform.core.wait import wait_for
from agentplatform.queues import POOLS
from agentplatform.settings.environment import Environment
from agentplatform.sqs.queues import dead_letters_of
from agentplatform.worker import CELERY_ENVIRONMENT, celery_arguments
from apps.runs.models import Run
from tests.database import role_addresses
from tests.integration.runs.conftest import RunMaker, finished
from tests.sqs import HOST, running_sqs, sqs_client

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.parametrize("broker", ["sqs"], indirect=True),
]

DECIDE = {
    "name": "a",
    "kind": "decision",
    "branches": [{"name": "never", "when": "`false`", "next": []}],
    "else": {"next": []},
}
RECEIVES = 3
StartWorker = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def start_worker(transactional_db: None) -> Iterator[StartWorker]:
    """Starts a worker of the pool `steps` in a process group of its own; it knows tests.poison."""
    started = []
    (pool,) = (pool for pool in POOLS if pool.name == "steps")
    poison = ("--include", "tests.integration.runs.poison")
    command = [sys.executable, "-m", "celery", *celery_arguments(pool, concurrency=1), *poison]

    def start() -> "subprocess.Popen[bytes]":
        environment = {**os.environ, **role_addresses(), **CELERY_ENVIRONMENT}
        started.append(subprocess.Popen(command, env=environment, start_new_session=True))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def sqs(sqs_address: str) -> Any:
    return sqs_client(sqs_address)


@pytest.fixture
def steps_url(sqs: Any) -> str:
    """The queue of steps, which delivers again soon and gives up early."""
    options = current_app.conf.broker_transport_options
    url: str = options["predefined_queues"]["steps"]["url"]
    made = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    redrive = json.loads(made["RedrivePolicy"]) | {"maxReceiveCount": RECEIVES}
    wanted = {"VisibilityTimeout": "3", "RedrivePolicy": json.dumps(redrive)}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=wanted)
    return url


def someone_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from pg_locks join pg_stat_activity using (pid)"
            " where not granted and datname = current_database())"
        )
        (found,) = cursor.fetchone()
    return bool(found)


def test_a_message_that_kills_its_worker_ends_among_the_dead_letters(
    make_run: RunMaker, sqs: Any, steps_url: str, start_worker: StartWorker, tmp_path: Path
) -> None:
    (tmp_path / "deadly").touch()
    worker = start_worker()
    current_app.send_task("tests.poison", kwargs={"folder": str(tmp_path)}, queue="steps")
    dead_url = dead_letters_of(steps_url)
    [letter] = wait_for(
        lambda: received(sqs, dead_url), timeout_seconds=90, what="the message to be given up"
    )
    assert int(letter["Attributes"]["ApproximateReceiveCount"]) > RECEIVES
    assert finished(make_run([DECIDE])).status == "COMPLETED"
    assert worker.poll() is None

    (tmp_path / "deadly").unlink()
    sqs.send_message(QueueUrl=steps_url, MessageBody=letter["Body"])
    wait_for((tmp_path / "done").exists, timeout_seconds=30, what="the message to be worked off")


def test_what_a_killed_worker_held_is_delivered_again(
    make_run: RunMaker, steps_url: str, start_worker: StartWorker
) -> None:
    run = make_run([DECIDE])
    with transaction():
        Run.objects.select_for_update().get(id=run.id)
        worker = start_worker()
        wait_for(someone_waits_for_a_lock, timeout_seconds=60, what="a worker to take the message")
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    start_worker()
    assert finished(run).status == "COMPLETED"


def test_a_worker_outlasts_an_sqs_that_is_gone_for_a_while(
    start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its queues are found by their prefix, and made by whoever sends first."""
    monkeypatch.delenv("SQS_QUEUE_URLS")
    with running_sqs() as address:
        port = int(address.rpartition(":")[2])
        monkeypatch.setenv("BROKER_URL", f"sqs://test:test@{HOST}:{port}")
        worker = start_worker()
        send_and_wait(tmp_path)
    with running_sqs(port=port):
        send_and_wait(tmp_path)
    assert worker.poll() is None


def send_and_wait(folder: Path) -> None:
    """Send a harmless message to the broker that the environment names; wait for its effect."""
    platform = Environment()
    options = transport_options(platform, broker_url=platform.broker_url)
    with Connection(platform.broker_url, transport_options=options) as broker:
        current_app.send_task(
            "tests.poison", kwargs={"folder": str(folder)}, queue="steps", connection=broker
        )
    done = folder / "done"
    wait_for(done.exists, timeout_seconds=60, what="the message to be worked off")
    done.unlink()


def received(sqs: Any, url: str) -> list[dict[str, Any]]:
    answer = sqs.receive_message(
        QueueUrl=url, MessageSystemAttributeNames=["ApproximateReceiveCount"]
    )
    found: list[dict[str, Any]] = answer.get("Messages", [])
    return found
