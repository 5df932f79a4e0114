"""Many processes of the gateway, as a test drives them, and who calls them."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings

from agentplatform.core.clock import now
from agentplatform.settings.environment import ROOT
from apps.tenants.services.create_api_key import create_api_key
from tests.integration.gateway.calls import Work

DEADLINE_SECONDS = 20
"""Of a call."""
PATHS = {"/v1/chat/completions": "data: [DONE]", "/v1/messages": '"type":"message_stop"'}
"""By address: how a whole stream ends."""


class GatewayProcesses:
    """`ports` are those of the HTTP doors."""

    def __init__(self, program: "subprocess.Popen[str]") -> None:
        self._program = program
        assert program.stdout is not None
        self.ports: list[int] = json.loads(program.stdout.readline())
        self.killed = self.fallen = 0

    def kill(self) -> None:
        """Any of them; another takes its place."""
        self._tell("kill")

    def end(self) -> None:
        """All of them, as a deployment does. Who does not end has fallen."""
        self._tell("end")

    def _tell(self, command: str) -> None:
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(f"{command}\n")
        self._program.stdin.flush()
        self.killed, self.fallen = json.loads(self._program.stdout.readline())


@contextmanager
def gateway_processes(
    environment: Mapping[str, str], log: Path, *, doors: int, workers: int
) -> Iterator[GatewayProcesses]:
    """So many processes of the HTTP door and of Celery's."""
    command = [sys.executable, "-m", "tests.chaos.gateway_parent", str(doors), str(workers)]
    more = {
        "DJANGO_SETTINGS_MODULE": "agentplatform.settings.local",
        "PYTHONPATH": str(ROOT),
        "SECRET_KEY": settings.SECRET_KEY,
        "GATEWAY_WAIT_SECONDS": "5",
    }
    with (
        log.open("wb") as told,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment, **more},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=told,
            text=True,
        ) as program,
    ):
        try:
            yield GatewayProcesses(program)
        finally:
            assert program.stdin is not None
            program.stdin.close()
            program.wait(30)


@dataclass(frozen=True)
class Client:
    """Calls any of the doors with one key."""

    secret: str
    ports: Sequence[int]
    http: httpx.Client
    body: Mapping[str, Any]

    def call(self, *, path: str, is_streamed: bool = False, port: int | None = None) -> str:
        """What came of it: a status, "whole" for an answer, "broken" for a lost connection."""
        address = f"http://127.0.0.1:{port or random.choice(self.ports)}{path}"
        headers = {"authorization": f"Bearer {self.secret}", "connection": "close"}
        body = {**self.body, "stream": is_streamed}
        try:
            answer = self.http.post(address, json=body, headers=headers)
        except httpx.TransportError:
            return "broken"
        if answer.status_code != 200:
            return str(answer.status_code)
        return "whole" if not is_streamed or PATHS[path] in answer.text else "cut"


@contextmanager
def gateway_clients(
    work: Work, processes: GatewayProcesses, *, max_tokens: int
) -> Iterator[Client]:
    """A key of the tenant, for any number of threads."""
    key = create_api_key(tenant_id=work.tenant_id, name="key", at=now(), scopes=("gateway",))
    hello = [{"role": "user", "content": "Hello."}]
    body = {"model": "default", "messages": hello, "max_tokens": max_tokens}
    with httpx.Client(timeout=60) as http:
        yield Client(key.secret, processes.ports, http, body)


@dataclass
class Callers:
    """Threads that call one after the other until they are told to stop; `outcomes` counts what
    came of it, `longest_seconds` is what one call took at most."""

    client: Client
    number: int
    outcomes: Counter[str] = field(default_factory=Counter)
    longest_seconds: float = 0.0

    def __post_init__(self) -> None:
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._go_on) for _ in range(self.number)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Returns when the calls of the moment have ended."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _go_on(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            how = {"path": random.choice([*PATHS]), "is_streamed": random.random() < 0.5}
            outcome = self.client.call(**how)
            with self._lock:
                self.outcomes[outcome] += 1
                self.longest_seconds = max(self.longest_seconds, time.monotonic() - began)
            if outcome not in ("whole", "cut"):
                self._stopping.wait(0.05)


@contextmanager
def repeated(act: Callable[[], None], *, every_seconds: float = 0.1) -> Iterator[None]:
    """While the block runs, in a thread of its own."""
    stopping = threading.Event()

    def go_on() -> None:
        while not stopping.wait(every_seconds):
            act()

    thread = threading.Thread(target=copy_context().run, args=(go_on,))
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
