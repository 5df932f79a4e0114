"""The web process as production starts it, on the test database."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
from django.conf import settings

from agentplatform.core.wait import wait_for
from agentplatform.settings.environment import ROOT
from tests.database import role_addresses
from tests.integration.gateway.door.serving import Caller
from tests.provider import Provider


@dataclass(frozen=True)
class Web:
    """A web process, and the port that it answers on."""

    process: subprocess.Popen[bytes]
    port: int

    def at(self, client: Caller) -> Caller:
        """The same caller, calling here."""
        return replace(client, address=f"http://127.0.0.1:{self.port}")


@contextmanager
def web_process(provider: Provider, log: Path, **more: str) -> Iterator[Web]:
    """With OpenAI behind the door, what it writes in `log`, and `more` in its environment."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    environment = os.environ | role_addresses()
    environment |= {
        "DJANGO_SETTINGS_MODULE": "agentplatform.settings.local",
        "PYTHONPATH": str(ROOT),
        "SECRET_KEY": settings.SECRET_KEY,
        "OPENAI_API_KEY": "k",
        "OPENAI_BASE_URL": provider.openai_base_url,
        "PORT": str(port),
        "GATEWAY_ONLY": "true",
        "GATEWAY_WAIT_SECONDS": "5",
        **more,
    }
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "agentplatform.web", "--port", str(port)],
            env=environment,
            cwd=ROOT,
            stdout=written,
            stderr=written,
        )
        try:
            wait_for(lambda: _answers(port), timeout_seconds=60, what="the web process")
            yield Web(process, port)
        finally:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/v1/models").status_code == 401
    except httpx.TransportError:
        return False
