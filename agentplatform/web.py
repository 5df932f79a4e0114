"""`python -m agentplatform.web`: the web process, on uvicorn."""

import argparse
import asyncio
import math
import os
import socket
from typing import Final

import uvicorn

from agentplatform.core.drain import LAST_SECONDS, start_drain

CLOSE_SECONDS: Final = 2.0
"""How long what is written in the background has, once the last answer has ended."""
UNREAD_SECONDS: Final = 60
"""After so long the connection ends of a client that takes nothing of what is sent to it."""


class WebServer(uvicorn.Server):
    """When it is told to stop it takes no more connections, and ends the streams of events. Other
    answers have `drain_seconds`; then they are given up: a model's is charged and told to have
    broken off."""

    def __init__(self, *, drain_seconds: float) -> None:
        self._drain_seconds = drain_seconds
        config = uvicorn.Config(
            "agentplatform.asgi:application",
            lifespan="off",
            proxy_headers=False,  # whose headers count is TRUSTED_PROXIES'
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=math.ceil(drain_seconds),
        )
        super().__init__(config)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        from agentplatform.asgi import application  # loaded by now

        start_drain(seconds=self._drain_seconds)
        await super().shutdown(sockets)
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=LAST_SECONDS)
        await asyncio.wait({asyncio.create_task(application.close())}, timeout=CLOSE_SECONDS)


def bind(host: str, port: int) -> socket.socket:
    """The port, with nobody listening yet. Raises SystemExit where it is not to be had."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_SECONDS * 1000)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise SystemExit(
            f"agentplatform: cannot listen on {host} port {port}: {error.strerror}. "
            "Choose another --host or --port."
        ) from error
    return bound


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m agentplatform.web", description="The web process."
    )
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 in a container")
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentplatform.settings.local")

    from django.conf import settings

    server = WebServer(drain_seconds=settings.PLATFORM.drain_seconds)
    server.run(sockets=[bind(given.host, given.port)])


if __name__ == "__main__":
    main()
