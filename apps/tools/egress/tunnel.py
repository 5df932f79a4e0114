"""Carry TLS between a client and the host that it names, unread."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from apps.tools.egress.errors import EgressRefused
from apps.tools.egress.gate import Gate, Passage, Streams
from apps.tools.egress.hello import Hello

CHUNK_BYTES = 64 * 1024
HELLO_SECONDS = 10.0


async def read_hello(reader: asyncio.StreamReader, sent: bytes = b"") -> tuple[str, bytes]:
    """The host that a TLS client names, and all it has sent so far, which began with `sent`.
    Raises EgressRefused when it names none or sends something else."""
    hello = Hello()
    name = hello.add(sent)
    async with asyncio.timeout(HELLO_SECONDS):
        while name is None:
            part = await reader.read(CHUNK_BYTES)
            if not part:
                raise EgressRefused("The tunnel is refused: it ended before a TLS ClientHello.")
            name = hello.add(part)
    return name, bytes(hello.sent)


async def carry(client: Streams, server: Streams, gate: Gate, passage: Passage) -> None:
    """Carry bytes both ways until both ends have ended. Raises EgressRefused at the call's cap,
    TimeoutError when nothing moves or it takes too long."""
    limits = gate.egress.limits
    loop = asyncio.get_running_loop()
    async with (
        asyncio.timeout(limits.request_seconds),
        asyncio.timeout(limits.idle_seconds) as idle,
    ):

        def moved() -> None:
            idle.reschedule(loop.time() + limits.idle_seconds)

        def sent(size: int) -> None:
            moved()
            gate.count(passage, sent=size)

        def received(size: int) -> None:
            moved()
            gate.count(passage, received=size)

        await _both(_pump(client[0], server[1], sent), _pump(server[0], client[1], received))


async def _both(*pumps: Coroutine[Any, Any, None]) -> None:
    """Run both; an error of one ends the other and is raised."""
    tasks = [asyncio.ensure_future(pump) for pump in pumps]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


async def _pump(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, count: Callable[[int], None]
) -> None:
    """Carry one direction to its end; a side that has gone is an end too."""
    with suppress(ConnectionError):
        while part := await source.read(CHUNK_BYTES):
            count(len(part))
            target.write(part)
            await target.drain()
    with suppress(OSError, RuntimeError):
        target.write_eof()
