"""A request's body that knows whether any of it may have left."""

import select
from asyncio import WriteTransport
from typing import Any
from weakref import WeakSet

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload


class RequestBody(Payload):
    """`is_begun`: from now on the provider may have the request, whatever becomes of it.

    Over a connection that the provider has closed since its last answer nothing is sent. `used`
    holds the connections that have carried a request; it is shared by those who share these.
    """

    def __init__(self, raw: bytes, used: "WeakSet[Any]") -> None:
        super().__init__(raw, content_type="application/json")
        self._size = len(raw)
        self._used = used
        self._transport: WriteTransport | None = None
        self.is_begun = False

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return str(self._value.decode(encoding, errors))

    async def write(self, writer: AbstractStreamWriter) -> None:
        await self.write_with_length(writer, None)

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Called once the headers wait to be sent along. Raises ConnectionResetError."""
        transport = writer.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("closed before anything was sent")
        connection = transport.get_protocol()
        if connection in self._used and _is_readable(transport):
            raise ConnectionResetError("closed by the provider while it was idle")
        self._used.add(connection)
        self._transport, self.is_begun = transport, True
        await writer.write(self._value[:content_length])

    def abort(self) -> None:
        """Give up the connection at once: what is not sent yet is not sent."""
        if self._transport is not None:
            self._transport.abort()


def _is_readable(transport: WriteTransport) -> bool:
    """Whether an idle connection has something to read: its end, as no answer is due."""
    poll = select.poll()
    poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(poll.poll(0))
