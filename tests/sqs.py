"""SQS's protocol on 127.0.0.1: `python -m tests.sqs [PORT [PREFIX]]` serves it until it is stopped,
and prints the address when it is ready. With a prefix it has the queues of the platform."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from signal import SIGKILL
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from agentplatform.embedded.program import Program, die_with_parent
from agentplatform.queues import QUEUES
from agentplatform.sqs.queues import create_queues

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
REGION = "eu-west-1"
VISIBILITY_SECONDS = 900


@dataclass(frozen=True, kw_only=True)
class Sqs:
    """An emulator that is kept running by a supervisor. Each start has the queues of `prefix`, and
    nothing in them."""

    port: int
    log: Path
    prefix: str

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    def prepare(self) -> Program:
        return Program(
            name="sqs",
            command=(sys.executable, "-m", "tests.sqs", str(self.port), self.prefix),
            environment=dict(os.environ),
            folder=ROOT,
            log=self.log,
            stop_signal=SIGKILL,
        )

    def redeliver_after(self, seconds: int, *, queue: str) -> None:
        """What is received from now on comes again so soon, if it is not deleted."""
        client = sqs_client(self.address)
        url = client.get_queue_url(QueueName=self.prefix + queue)["QueueUrl"]
        client.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(seconds)})

    def is_ready(self) -> bool:
        last = f"{self.prefix}{QUEUES[-1].name}"
        try:
            sqs_client(self.address).get_queue_url(QueueName=last)
        except (BotoCoreError, ClientError):
            return False
        return True


@contextmanager
def running_sqs(*, port: int = 0) -> Iterator[str]:
    """An emulator in a process of its own, on a free port or on `port`, gone at the end with all it
    held. Yields its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sqs", str(port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=partial(die_with_parent, SIGKILL, os.getpid()),
    )
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("the SQS emulator did not start: see its standard error")
            yield line.strip()
        finally:
            process.kill()


def sqs_client(address: str) -> Any:
    """A boto3 client of the emulator, which asks once."""
    return boto3.client(
        "sqs",
        endpoint_url=address,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


def sqs_environment(address: str, *, prefix: str) -> dict[str, str]:
    """Make the platform's queues there; what leads a process to them."""
    urls = make_queues(address, prefix=prefix)
    return {
        "AWS_ENDPOINT_URL_SQS": address,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "BROKER_URL": "sqs://",
        "SQS_WAIT_SECONDS": "1",
        "SQS_QUEUE_URLS": ",".join(f"{name}={url}" for name, url in urls.items()),
    }


def make_queues(address: str, *, prefix: str) -> dict[str, str]:
    return create_queues(
        sqs_client(address),
        names=[queue.name for queue in QUEUES],
        prefix=prefix,
        visibility_seconds=VISIBILITY_SECONDS,
    )


def serve(port: int, prefix: str = "") -> None:
    """Serve until a signal ends the process."""
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(HOST, port, verbose=False)
    server.start()
    address = f"http://{HOST}:{server.get_host_and_port()[1]}"
    if prefix:
        make_queues(address, prefix=prefix)
    print(address, flush=True)
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


if __name__ == "__main__":
    serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0, *sys.argv[2:3])
