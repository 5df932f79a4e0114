"""JSON posted to a provider over kept connections."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar
from weakref import WeakSet

import aiohttp
from yarl import URL

from agentplatform.core.mask import MASK
from apps.gateway.providers.answer_body import Listener, read_events, read_whole
from apps.gateway.providers.errors import ConnectFailed, InvalidAnswer, ProviderError
from apps.gateway.providers.json_body import decode_exactly, encode_json
from apps.gateway.providers.proxy import proxy_of
from apps.gateway.providers.public_resolver import PublicResolver
from apps.gateway.providers.reach import REACH, Reach
from apps.gateway.providers.request_body import RequestBody
from apps.gateway.providers.status_errors import status_error
from apps.gateway.providers.wire_errors import reading_answer, wire_error

_HEADERS: Final = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "agent-platform",
}
_CONNECT_SECONDS: Final = 10.0
_KEEP_SECONDS: Final = 60.0
_LONGEST_HEADER: Final = 64 * 1024
_MOST_HEADERS: Final = 512
# How long the end of an answer may take after its last event for the connection to be kept.
_FAREWELL_SECONDS: Final = 0.1
# How long the body of an error may take: its status has told most of it.
_REFUSAL_SECONDS: Final = 1.0
_TRIES_UNSENT: Final = 3
_SHORTEST_SECRET: Final = 8
_NO_CONNECTION = (aiohttp.ClientConnectorError, aiohttp.ServerTimeoutError)
T = TypeVar("T")


class Transport:
    """Connections to one provider, as many at once as there are requests. Belongs to the event loop
    it is used in. Follows no redirect, and sends nothing again that may have left."""

    def __init__(
        self,
        *,
        base_url: str,
        headers: Mapping[str, str],
        secret: str = "",
        reach: Reach = REACH,
    ) -> None:
        url = URL(base_url)
        self._headers = {**_HEADERS, **headers}
        if url.user is not None:
            login = aiohttp.encode_basic_auth(url.user, url.password or "")
            self._headers["Authorization"] = login
            url = url.with_user(None)
        self._url = url
        self._secret = secret
        self._reach = reach
        self._proxy = proxy_of(url)
        self._used: WeakSet[Any] = WeakSet()
        self._session: aiohttp.ClientSession | None = None
        self._leaving: set[aiohttp.ClientResponse] = set()
        self._is_closed = False

    async def post_json(
        self, path: str, body: Mapping[str, Any], *, headers: Mapping[str, str], until: float
    ) -> Any:
        """The decoded answer to `body`, had by `until` on the loop's clock. Raises ProviderError:
        ConnectFailed when surely nothing was sent."""
        with reading_answer():
            return decode_exactly(await self._exchange(path, body, headers, until, read_whole))

    async def stream(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        headers: Mapping[str, str],
        until: float,
        listener: Listener,
    ) -> None:
        """The same with an answer that is a stream of events. What `listener` cannot read ends
        it and is an InvalidAnswer; an event that the stream's end cuts is a ConnectionLost."""

        async def read(response: aiohttp.ClientResponse) -> None:
            await read_events(response, listener, idle_seconds=self._reach.idle_seconds)

        with reading_answer():
            await self._exchange(path, body, headers, until, read)

    async def close(self) -> None:
        """Give up the connections, those in use too."""
        self._is_closed = True
        for response in self._leaving:
            response.close()
        if self._session is not None:
            await self._session.close()

    async def _exchange(
        self,
        path: str,
        body: Mapping[str, Any],
        headers: Mapping[str, str],
        until: float,
        read: Callable[[aiohttp.ClientResponse], Awaitable[T]],
    ) -> T:
        """What `read` makes of the answer. Over another connection if a kept one turns out to be
        closed before anything was sent."""
        sent = RequestBody(encode_json(body), self._used)
        try:
            async with asyncio.timeout_at(until):
                for _ in range(_TRIES_UNSENT):
                    try:
                        return await self._send(path, sent, headers, read)
                    except aiohttp.ClientConnectionError as error:
                        if sent.is_begun or isinstance(error, _NO_CONNECTION):
                            raise
        except ProviderError as error:
            error.args = tuple(map(self._without_secret, error.args))
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise wire_error(error, is_begun=sent.is_begun) from error
        raise ConnectFailed("No connection: the provider closed each one before it was used.")

    async def _send(
        self,
        path: str,
        body: RequestBody,
        headers: Mapping[str, str],
        read: Callable[[aiohttp.ClientResponse], Awaitable[T]],
    ) -> T:
        response = None
        try:
            response = await self._open().post(
                self._url / path,
                data=body,
                headers=headers,
                proxy=self._proxy,
                allow_redirects=False,
            )
            if not response.ok or response.status >= 300:
                raise await _refusal(response)
            answer = await read(response)
        except BaseException:
            _drop(response, body)
            raise
        if response.connection is not None:
            self._leave(response)
        return answer

    def _without_secret(self, told: Any) -> Any:
        """What is told of an error, should it repeat our key."""
        is_worth_hiding = isinstance(told, str) and len(self._secret) >= _SHORTEST_SECRET
        return told.replace(self._secret, MASK) if is_worth_hiding else told

    def _leave(self, response: aiohttp.ClientResponse) -> None:
        """Keep the connection for others once the answer has ended; close it if that takes long."""

        def close() -> None:
            self._leaving.discard(response)
            response.close()

        self._leaving.add(response)
        asyncio.get_running_loop().call_later(_FAREWELL_SECONDS, close)

    def _open(self) -> aiohttp.ClientSession:
        """The session; its own reading of the environment costs two threads a request."""
        if self._is_closed:
            raise ConnectFailed("The provider was closed.")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=self._connector(),
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, connect=_CONNECT_SECONDS),
                trust_env=False,
                max_line_size=_LONGEST_HEADER,
                max_field_size=_LONGEST_HEADER,
                max_headers=_MOST_HEADERS,
            )
        return self._session

    def _connector(self) -> aiohttp.TCPConnector:
        resolver = PublicResolver() if self._reach.is_public_only else None
        return aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_SECONDS, resolver=resolver)


async def _refusal(response: aiohttp.ClientResponse) -> ProviderError:
    """The error of an answer that is no success: its status tells it, even if its body is lost."""
    try:
        async with asyncio.timeout(_REFUSAL_SECONDS):
            raw = await read_whole(response)
    except (aiohttp.ClientError, OSError, InvalidAnswer):
        raw = b""
    return status_error(response.status, response.headers, raw)


def _drop(response: aiohttp.ClientResponse | None, body: RequestBody) -> None:
    """Close the connection of a request that failed or was given up, unless others have it."""
    if response is None or response.connection is not None:
        body.abort()
    if response is not None:
        response.close()
