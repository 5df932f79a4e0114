"""The HTTP door on a real server, in front of the test provider."""

import asyncio
import threading
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import anthropic
import httpx
import openai
import uvicorn

from apps.gateway.doors.asgi import Door

NONE_KEPT = httpx.Limits(max_keepalive_connections=0)


@dataclass(frozen=True)
class Caller:
    """A key of a tenant, and where it calls."""

    tenant_id: UUID
    api_key_id: UUID
    secret: str
    address: str

    def post(self, body: Any, *, path: str = "/v1/chat/completions", **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.secret}", **more.pop("headers", {})}
        content = body if isinstance(body, bytes) else None
        how: dict[str, Any] = {"content": content} if content is not None else {"json": body}
        return httpx.post(self.address + path, headers=headers, timeout=30, **how, **more)

    def chat(self, **body: Any) -> httpx.Response:
        """One plain request that says hello, unless `body` says otherwise."""
        body.setdefault("messages", [{"role": "user", "content": "Hello."}])
        body.setdefault("model", "default")
        return self.post(body)

    def embed(self, **body: Any) -> httpx.Response:
        """One request for the vector of a hello, unless `body` says otherwise."""
        body.setdefault("input", "Hello.")
        body.setdefault("model", "text-embedding-3-small")
        return self.post(body, path="/v1/embeddings")

    def respond(self, **body: Any) -> httpx.Response:
        """One request for a response to a hello, unless `body` says otherwise."""
        body.setdefault("input", "Hello.")
        body.setdefault("model", "default")
        return self.post(body, path="/v1/responses")

    def get(self, path: str, **headers: str) -> httpx.Response:
        sent = {"authorization": f"Bearer {self.secret}", **headers}
        return httpx.get(self.address + path, headers=sent, timeout=30)

    def anthropic(self) -> anthropic.Anthropic:
        """It needs no closing, as it keeps no connection."""
        return anthropic.Anthropic(
            api_key=self.secret,
            base_url=self.address,
            max_retries=0,
            http_client=anthropic.DefaultHttpxClient(limits=NONE_KEPT),
        )

    def sdk(self) -> openai.OpenAI:
        """It needs no closing, as it keeps no connection."""
        return openai.OpenAI(
            api_key=self.secret,
            base_url=f"{self.address}/v1",
            max_retries=0,
            http_client=openai.DefaultHttpxClient(limits=NONE_KEPT),
        )


class Server:
    """A door on a port of its own, in a thread with an event loop of its own."""

    def __init__(self) -> None:
        self.door = Door(_nothing)
        config = uvicorn.Config(
            self.door, host="127.0.0.1", port=0, lifespan="off", log_level="warning"
        )
        self._server = uvicorn.Server(config)
        self._is_up = threading.Event()
        self._stopping = asyncio.Event()
        self._is_told_to_stop = False
        self._thread = threading.Thread(target=self._run)
        self.address = ""

    def start(self) -> None:
        self._thread.start()
        assert self._is_up.wait(30)

    def begin_to_stop(self) -> None:
        """Take no more connections; what is in flight goes on. Harmless twice."""
        if not self._is_told_to_stop:
            self._is_told_to_stop = True
            self._loop.call_soon_threadsafe(self._stopping.set)

    def stop(self) -> None:
        """As SIGTERM does: what is in flight ends first."""
        self.begin_to_stop()
        self._thread.join(60)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        """What uvicorn's `serve` does, without its polling for the end."""
        self._loop = asyncio.get_running_loop()
        server = self._server
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup()
        port = server.servers[0].sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        ticking = asyncio.ensure_future(server.main_loop())
        self._is_up.set()
        await self._stopping.wait()
        ticking.cancel()
        await self._end_connections()
        await self.door.close()

    async def _end_connections(self) -> None:
        for listener in self._server.servers:
            listener.close()
        for connection in list(self._server.server_state.connections):
            connection.shutdown()
        while tasks := self._server.server_state.tasks:
            await asyncio.wait(set(tasks))


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"beyond"})
