"""A bounded conversation with an MCP server, from a thread that may wait."""

import re
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import anyio
import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, INVALID_PARAMS, PARSE_ERROR, Implementation
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from apps.tools.egress.session import Egress
from apps.tools.runners.mcp.guard import Guard
from apps.tools.runners.mcp.target import Server
from apps.tools.runners.secret import Secret
from apps.tools.runners.work import ToolFailure

T = TypeVar("T")

_LOOK_SECONDS = 0.05
_PARTING_SECONDS = 0.5
_SAID_BY_SDK = frozenset({CONNECTION_CLOSED, PARSE_ERROR})
"""What the SDK says itself when no answer came that it understands."""
_NOTHING_DONE = frozenset({"mcp_refused", "egress_refused", "secret_refused"})
_VALIDATION = re.compile(r":? \d+ validation errors? for .*")
"""How pydantic goes on about a message that is none: for who writes a server, not who names one."""
_CLIENT = Implementation(name="agent-platform", version="1")


class Timeout(Exception):
    """The conversation did not end in time."""


class Stopped(Exception):
    """Nobody wants the answer any more."""


@dataclass
class Conversation:
    """What is known of the conversation: `has_asked` once the question itself was sent."""

    client: Client
    has_asked: bool = False


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Of one conversation. `most_bytes` covers all that the server sends."""

    seconds: float
    most_bytes: int
    stop: threading.Event = field(default_factory=threading.Event)


class Unanswered(Exception):
    """The question was sent, and no answer to it came: whether it took effect is not known."""

    def __init__(self, failure: ToolFailure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


def converse(
    server: Server,
    ask: Callable[[Conversation], Awaitable[T]],
    *,
    egress: Egress,
    secret: Secret | None,
    bounds: Bounds,
) -> T:
    """What `ask` gives of a session with the server.

    Raises Timeout, Stopped, Unanswered, or ToolFailure: then nothing was done.
    """
    return anyio.run(_converse, server, ask, egress, secret, bounds)


async def _converse(
    server: Server,
    ask: Callable[[Conversation], Awaitable[T]],
    egress: Egress,
    secret: Secret | None,
    bounds: Bounds,
) -> T:
    guard = Guard(egress, secret=secret, most_bytes=bounds.most_bytes)
    talk = _Talk[T](server, ask, guard, bounds)
    with anyio.move_on_after(bounds.seconds) as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(talk.watch_stop, scope)
            await talk.run(scope)
            tasks.cancel_scope.cancel()
    return talk.outcome()


class _Talk(Generic[T]):
    """One conversation and what came of it."""

    def __init__(
        self,
        server: Server,
        ask: Callable[[Conversation], Awaitable[T]],
        guard: Guard,
        bounds: Bounds,
    ) -> None:
        self._server = server
        self._ask = ask
        self._guard = guard
        self._bounds = bounds
        self._answers: list[T] = []
        self._error: BaseException | None = None
        self._conversation: Conversation | None = None

    async def watch_stop(self, scope: anyio.CancelScope) -> None:
        while not self._bounds.stop.is_set():
            await anyio.sleep(_LOOK_SECONDS)
        scope.cancel()

    async def run(self, scope: anyio.CancelScope) -> None:
        """The answer, or what went wrong, is kept; the parting from the server has little time."""
        http = httpx2.AsyncClient(
            transport=self._guard,
            trust_env=False,
            timeout=httpx2.Timeout(self._bounds.seconds),
            headers={"accept-encoding": "identity", "user-agent": "agent-platform"},
        )
        try:
            async with http:
                await self._talk(http, scope)
        except Exception as error:
            self._error = error

    async def _talk(self, http: httpx2.AsyncClient, scope: anyio.CancelScope) -> None:
        transport = streamable_http_client(
            self._server.url, http_client=http, max_sse_event_size=self._bounds.most_bytes
        )
        version = self._server.version
        mode = version if version in MODERN_PROTOCOL_VERSIONS else "legacy" if version else "auto"
        client = Client(transport, mode=mode, cache=None, client_info=_CLIENT)
        async with client:
            self._conversation = Conversation(client=client)
            try:
                self._answers.append(await self._ask(self._conversation))
            except Exception as error:
                self._error = error
            scope.deadline = min(scope.deadline, anyio.current_time() + _PARTING_SECONDS)

    def outcome(self) -> T:
        """What `ask` gave, or the first cause of its failure."""
        if self._answers:
            return self._answers[0]
        if self._bounds.stop.is_set():
            raise Stopped
        error = first_cause(self._error)
        failure = self._guard.failure or _failure_of(error, self._guard.status or 0)
        if failure is None:
            raise Timeout
        has_asked = self._conversation is not None and self._conversation.has_asked
        if has_asked and failure.code not in _NOTHING_DONE:
            raise Unanswered(failure)
        raise failure


def _failure_of(error: BaseException | None, status: int) -> ToolFailure | None:
    """What went wrong, as the error and the last HTTP status say; None: time is up."""
    if error is None:
        return None
    if isinstance(error, MCPError) and error.code not in _SAID_BY_SDK and status < 500:
        if status in {401, 403}:
            detail = f"The server answered {status}: it needs another secret, or one at all."
            return ToolFailure("mcp_refused", detail)
        if status == 404:
            return ToolFailure("mcp_refused", "The server answered 404: it has no MCP there.")
        hint = " If its tools have changed, refresh it." if error.code == INVALID_PARAMS else ""
        return ToolFailure("mcp_refused", f"The server refused: {_say(error)}.{hint}")
    if status >= 400:
        return ToolFailure(
            "mcp_failed", f"The server answered {status}.", is_retryable=status >= 500
        )
    return ToolFailure("mcp_failed", f"The server does not speak MCP as it should: {_say(error)}.")


def first_cause(error: BaseException | None) -> BaseException | None:
    """What is within a group of errors, however deep."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _say(error: BaseException | None) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        text = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    else:
        text = error.message if isinstance(error, MCPError) else str(error)
    said = _VALIDATION.sub("", " ".join(text.split()))
    return said[:300].rstrip(".") or type(error).__name__
