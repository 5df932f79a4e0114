"""Load on the HTTP door: requests over kept connections, as cheap for the client as can be."""

import asyncio
import json
import statistics
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_END = b"0\r\n\r\n"


@dataclass(frozen=True)
class Load:
    """What to send where: a chat request with a key."""

    url: str
    api_key: str
    body: dict[str, Any]

    def raw(self) -> bytes:
        place = urlsplit(self.url)
        body = json.dumps(self.body).encode()
        head = (
            f"POST {place.path} HTTP/1.1\r\nhost: {place.netloc}\r\n"
            f"authorization: Bearer {self.api_key}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@dataclass(frozen=True)
class Taken:
    """What a burst of requests took: wall seconds in all, and of each request."""

    seconds: float
    each: tuple[float, ...]

    def percentile_ms(self, share: float) -> float:
        return statistics.quantiles(self.each, n=100)[round(share * 100) - 1] * 1000


def send(load: Load, *, requests: int, at_once: int) -> Taken:
    """So many requests, `at_once` at a time. Raises RuntimeError for an answer that is none."""
    return asyncio.run(_send(load, requests, at_once))


async def _send(load: Load, requests: int, at_once: int) -> Taken:
    place = urlsplit(load.url)
    assert place.hostname is not None
    each: list[float] = []
    left = iter(range(requests))
    raw = load.raw()

    async def work() -> None:
        reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=2**20)
        for _ in left:
            began = time.perf_counter()
            writer.write(raw)
            await _read_answer(reader)
            each.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(at_once)))
    return Taken(time.perf_counter() - began, tuple(each))


async def _read_answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b" 200 " not in head[:16]:
        raise RuntimeError(f"the answer is an error: {head!r} {await reader.read(500)!r}")
    if b"transfer-encoding: chunked" in head:
        body = await reader.readuntil(_END)
        if b"[DONE]" not in body:
            raise RuntimeError(f"the stream has no end: {body[-300:]!r}")
        return
    length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    await reader.readexactly(length)
