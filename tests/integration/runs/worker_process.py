"""One real worker of a pool, for tests that stop it or feed it rubbish."""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from celery import current_app

from agentplatform.core.wait import wait_for
from tests.database import role_addresses


@contextmanager
def running_worker(
    pool: str, *, log: Path, **environment: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker that reads its queues; killed at the end if it still runs."""
    settings = {**os.environ, **role_addresses(), **environment}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "agentplatform.worker", pool],
            env=settings,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(
            lambda: b"ready." in log.read_bytes() or process.poll() is not None,
            timeout_seconds=60,
            what=f"the {pool} worker to read its queues",
        )
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, 9)
            process.wait()


def push(queue: str, item: bytes) -> None:
    """Put bytes on a queue as they are; on SQS, which holds texts, in base64 as kombu does."""
    with current_app.connection_for_write() as connection:
        channel = connection.default_channel
        if connection.transport.driver_type == "sqs":
            body, url = base64.b64encode(item).decode(), channel._new_queue(queue)
            channel.sqs(queue=queue).send_message(QueueUrl=url, MessageBody=body)
        else:
            channel.client.lpush(queue, item)


def length(queue: str) -> int:
    """How many messages wait in a queue."""
    with current_app.connection_for_read() as connection:
        return int(connection.default_channel._size(queue))
