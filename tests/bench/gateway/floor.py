"""The floor: a proxy that passes requests on and does nothing else, on the gateway's own server."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import aiohttp

from agentplatform.core.wait import wait_for
from tests.bench.gateway.side import Side

_UPSTREAM: Final = "BENCH_FLOOR_UPSTREAM"
_held: list[aiohttp.ClientSession] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Of the one address that is asked."""
    if scope["type"] != "http":
        return
    message = await receive()
    body = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    if not _held:
        _held.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
    headers = {"content-type": "application/json", "authorization": "Bearer k"}
    async with _held[0].post(os.environ[_UPSTREAM], data=body, headers=headers) as answer:
        said = await answer.read()
    length = (b"content-length", str(len(said)).encode())
    await send({"type": "http.response.start", "status": answer.status, "headers": [length]})
    await send({"type": "http.response.body", "body": said})


@contextmanager
def running_floor(upstream: str) -> Iterator[Side]:
    """The proxy before this address of chat completions, in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as line:
        port = line.getsockname()[1]
    server = [sys.executable, "-m", "uvicorn", f"{__name__}:app", "--port", str(port)]
    process = subprocess.Popen(
        [*server, "--lifespan", "off", "--no-access-log", "--log-level", "warning"],
        env=os.environ | {_UPSTREAM: upstream},
    )
    try:
        wait_for(lambda: _answers(port, process), timeout_seconds=30, what="the floor's server")
        yield Side(f"http://127.0.0.1:{port}", "k", process.pid)
    finally:
        process.terminate()
        process.wait()


def _answers(port: int, process: "subprocess.Popen[bytes]") -> bool:
    if process.poll() is not None:
        raise RuntimeError("the floor's server has ended")
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True
