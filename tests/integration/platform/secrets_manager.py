"""Secrets Manager's protocol on a local server, and a process that takes its settings there."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
from moto.server import ThreadedMotoServer

ROOT = Path(__file__).resolve().parents[3]
REGION = "eu-west-1"
CHILD = """
import json, os, sys
import django
django.setup()
from django.conf import settings
from agentplatform.settings.live import on_change
told = []
def fork():
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        os._exit(0)
    return os.getppid()
for line in sys.stdin:
    print(json.dumps(eval(line)), flush=True)
"""


class SecretsManager:
    """A server that can be stopped and started again at its address, with what it held."""

    def __init__(self) -> None:
        self._port = 0
        self._is_up = False
        self.start()

    def start(self) -> None:
        """Harmless twice."""
        if self._is_up:
            return
        self._server = ThreadedMotoServer("127.0.0.1", self._port, verbose=False)
        self._server.start()
        self._port = self._server.get_host_and_port()[1]
        self._is_up = True

    def stop(self) -> None:
        self._is_up = False
        self._server.stop()
        assert self._server._server is not None
        self._server._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to reach it."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
        }

    def create(self, value: Any) -> str:
        """A new secret; its id."""
        name = f"agentplatform/{uuid4().hex}"
        self._client().create_secret(Name=name, SecretString=_text(value))
        return name

    def put(self, secret_id: str, value: Any) -> None:
        """A new version of the secret."""
        self._client().put_secret_value(SecretId=secret_id, SecretString=_text(value))

    def _client(self) -> Any:
        return boto3.session.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
        ).client("secretsmanager", endpoint_url=self.environment["AWS_ENDPOINT_URL"])


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@dataclass
class Child:
    """A Django process that answers with the value of expressions."""

    environment: dict[str, str]
    log: Path
    without: str = ""
    process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", CHILD],
                cwd=ROOT,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name != self.without}
        return inherited | self.environment

    def ask(self, expression: str) -> Any:
        """What `expression` is worth there, as JSON."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{expression}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the process ended:\n{self.log.read_text()}")
        return json.loads(line)

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log lines of this event so far."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if line["message"] == name]

    def close(self) -> None:
        with self.process:
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process.wait(timeout=20)
