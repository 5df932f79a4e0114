"""Rude things to do to a connection."""

import asyncio
import socket
import struct

from aiohttp import web

POLL_SECONDS = 0.02
PADDING_LINES = 20


def reset_connection(request: web.Request) -> web.Response:
    """Break the connection with a TCP reset."""
    transport = request.transport
    if transport is not None:
        link = transport.get_extra_info("socket")
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)


def close_connection(request: web.Request) -> None:
    """Close the connection in order, after what has been written."""
    if request.transport is not None:
        request.transport.close()


async def wait_until_gone(request: web.Request) -> None:
    """Say nothing until the client has left."""
    while request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(POLL_SECONDS)


async def send_trickling(
    request: web.Request, *, milliseconds: int, kind: str, body: bytes
) -> None:
    """Send the status line at once, the headers line by line, then `body`, and close."""
    transport = request.transport
    if transport is None:
        return
    transport.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(PADDING_LINES):
        await asyncio.sleep(milliseconds / 1000 / PADDING_LINES)
        transport.write(b"X-Padding-%d: 0\r\n" % number)
    head = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    transport.write(head.encode() + body)
    transport.close()
