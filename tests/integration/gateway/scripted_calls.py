"""The gateway's providers, driven against a scripted server."""

import asyncio
from typing import Any

from apps.gateway.contracts import CompletionRequest
from apps.gateway.providers.errors import ProviderError
from apps.gateway.providers.port import Answer
from apps.gateway.providers.port import Provider as Port
from tests.integration.gateway.provider_calls import ask, make
from tests.integration.gateway.scripted_server import Answer as Script
from tests.integration.gateway.scripted_server import ScriptedServer, scripted_server

HELLO = ask()
Outcome = Answer | ProviderError


async def complete(chosen: Port, request: CompletionRequest = HELLO, **how: Any) -> Answer:
    """One attempt. Raises what it raises."""
    asked: dict[str, Any] = {"model": "m", "max_tokens": 50, "timeout_seconds": 10.0}
    return await chosen.complete(request, **(asked | how))


async def outcome(chosen: Port, **how: Any) -> Outcome:
    """One attempt's answer or error."""
    try:
        return await complete(chosen, **how)
    except ProviderError as error:
        return error


def talk(name: str, script: Script, *, calls: int = 1, **how: Any) -> tuple[ScriptedServer, Any]:
    """The server, and the outcome of the last of so many calls, one after the other."""

    async def run() -> tuple[ScriptedServer, Any]:
        async with scripted_server(script) as server:
            chosen = make(server.provider, name)
            try:
                outcomes = [await outcome(chosen, **how) for _ in range(calls)]
            finally:
                await chosen.close()
        return server, outcomes[-1]

    return asyncio.run(run())
