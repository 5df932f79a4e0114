"""A real MCP server, the SDK's own, that counts what it is asked; and the way to it."""

import atexit
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import uvicorn
from mcp.server.mcpserver import Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import ToolAnnotations
from pydantic import BaseModel

from agentplatform.core.wait import wait_for
from apps.tools.egress.network import Network
from apps.tools.egress.session import Egress

PIXEL = bytes.fromhex("89504e470d0a1a0a")


class Sum(BaseModel):
    """What `add` gives."""

    total: int


@dataclass
class McpServerProcess:
    """`port` on 127.0.0.1; `headers` of every request, `calls` of the tools."""

    port: int = 0
    host: str = "mcp.test"
    headers: list[dict[str, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    server: MCPServer[Any] = field(default_factory=lambda: MCPServer("test"))

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/mcp"

    def add_tools(self) -> None:
        @self.server.tool(annotations=ToolAnnotations(read_only_hint=True))
        def add(a: int, b: int) -> Sum:
            """Add two numbers."""
            self.calls.append("add")
            return Sum(total=a + b)

        @self.server.tool()
        def say(text: str) -> str:
            """Say it again."""
            self.calls.append("say")
            return text

        @self.server.tool(structured_output=False)
        def draw() -> list[Any]:
            """A picture and its title."""
            return ["A dot.", Image(data=PIXEL, format="png")]

        @self.server.tool()
        def fail() -> str:
            """Never works."""
            raise ToolError("the moon is full")

        @self.server.tool()
        def wait(seconds: float) -> str:
            """Takes its time."""
            self.calls.append("wait")
            time.sleep(min(seconds, 5))
            return "done"

        @self.server.tool()
        def large(bytes: int) -> str:
            """Says a lot."""
            return "x" * bytes

        @self.server.tool(name="odd name/with.dots", structured_output=False)
        def odd() -> str:
            return "odd"


@contextmanager
def run_mcp_server(**tls: Any) -> Iterator[McpServerProcess]:
    """The server, until the block ends; `tls` is uvicorn's."""
    process = McpServerProcess()
    process.add_tools()
    security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    app = process.server.streamable_http_app(transport_security=security)

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            process.headers.append({k.decode(): v.decode() for k, v in scope["headers"]})
        await app(scope, receive, send)

    config = uvicorn.Config(watched, host="127.0.0.1", port=0, log_config=None, **tls)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="mcp-server", daemon=True)
    thread.start()
    wait_for(lambda: server.started, timeout_seconds=30, every_seconds=0.01, what="the MCP server")
    process.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield process
    finally:
        server.should_exit = True
        thread.join()


@cache
def shared_mcp_server() -> McpServerProcess:
    """One for the whole session, started when it is first needed."""
    running = run_mcp_server()
    server = running.__enter__()

    def end() -> None:
        logging.getLogger("uvicorn.error").disabled = True  # pytest's handlers are closed by now
        running.__exit__(None, None, None)

    atexit.register(end)
    return server


def open_the_way(monkeypatch: Any, settings: Any) -> None:
    """Let services reach the shared server under its name: only the rule for addresses is
    replaced."""
    network = Network(resolver=lambda *_: ["127.0.0.1"], is_allowed=lambda _: True)
    way = partial(Egress, network=network)
    monkeypatch.setattr("apps.tools.services.find_way_out.Egress", way)
    server = shared_mcp_server()
    allowed = {"egress_allowlist": f"{server.host}:{server.port}"}
    settings.PLATFORM = settings.PLATFORM.model_copy(update=allowed)
