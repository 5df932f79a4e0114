"""The only way from the SDK's HTTP client to the network: checked, counted, recorded."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import anyio.to_thread
import httpx2

from apps.tools.egress.errors import EgressRefused, HostUnreachable
from apps.tools.egress.session import Egress, EgressRequest
from apps.tools.runners.secret import Secret
from apps.tools.runners.work import ToolFailure

_PORTS = {"http": 80, "https": 443}
_TYPES = frozenset({"application/json", "text/event-stream"})


class Guard(httpx2.AsyncBaseTransport):
    """Sends each request to an address that was vetted for it, with the secret where it is bound
    to. `failure` is why a request was not sent or its answer not read, once that has happened;
    `status` is the last HTTP status. All answers together have at most `most_bytes`."""

    def __init__(self, egress: Egress, *, secret: Secret | None, most_bytes: int) -> None:
        self.failure: ToolFailure | None = None
        self.status: int | None = None
        self._egress = egress
        self._secret = secret
        self._bytes_left = most_bytes
        self._inner = httpx2.AsyncHTTPTransport(
            verify=egress.network.certificates, trust_env=False, retries=0
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises httpx2.TransportError; `failure` then says why."""
        record = _Record(self._egress, request)
        try:
            addresses = await self._vet(request)
            return await self._send(request, addresses, record)
        except EgressRefused as error:
            record.end(refusal=error.detail)
            raise self._fail("egress_refused", error.detail) from error
        except HostUnreachable as error:
            record.end(refusal=error.detail)
            raise self._fail("unreachable", error.detail, is_retryable=True) from error
        except BaseException:
            record.end()
            raise

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _vet(self, request: httpx2.Request) -> list[str]:
        """The addresses of the request's host; the request may leave."""
        url = request.url
        if url.scheme not in _PORTS:
            raise EgressRefused("The address is refused: use http:// or https://.")
        if url.userinfo:
            raise EgressRefused("The address is refused: leave out user and password.")
        port = url.port or _PORTS[url.scheme]
        admitted = self._egress.admit(method=request.method, host=url.host, port=port)
        return await anyio.to_thread.run_sync(
            self._egress.addresses_of, admitted, port, abandon_on_cancel=True
        )

    async def _send(
        self, request: httpx2.Request, addresses: list[str], record: "_Record"
    ) -> httpx2.Response:
        host = request.url.host
        self._sign(request)
        response = await self._dial(request, addresses, record)
        self.status = record.status = response.status_code
        if problem := _problem(request.method, response):
            await response.aclose()
            raise self._fail("mcp_failed", f"{host} sent {problem}.")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Counted(response.stream, self, record)
        return response

    async def _dial(
        self, request: httpx2.Request, addresses: list[str], record: "_Record"
    ) -> httpx2.Response:
        """The answer of the first address that takes a connection."""
        host = request.url.host
        problem: Exception | None = None
        for address in addresses:
            record.address = address
            sent = httpx2.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return await self._inner.handle_async_request(sent)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                problem = error
            except httpx2.TransportError as error:
                problem = error
                break
        raise HostUnreachable(f"{host} did not answer: {_say(problem)}.") from problem

    def _sign(self, request: httpx2.Request) -> None:
        if self._secret is None:
            return
        url = urlsplit(str(request.url))
        if not self._secret.is_for(url):
            raise self._fail(
                "secret_refused",
                f"The secret {self._secret.name!r} is not bound to {request.url.host}; an "
                "administrator may add the host to it.",
            )
        signed, headers = self._secret.sign(url, {})
        request.headers.update(headers)
        request.url = httpx2.URL(signed.geturl())

    def take(self, count: int) -> None:
        """Count what came in. Raises once it is too much."""
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise self._fail("answer_too_large", "The server sent more than it may.")

    def _fail(self, code: str, detail: str, *, is_retryable: bool = False) -> Exception:
        """The first failure counts: what follows is its consequence."""
        self.failure = self.failure or ToolFailure(code, detail, is_retryable=is_retryable)
        return httpx2.TransportError(detail)


class _Record:
    """The audit of one request, told once."""

    def __init__(self, egress: Egress, request: httpx2.Request) -> None:
        self.address = ""
        self.status: int | None = None
        self.received = 0
        self._egress = egress
        self._request = request
        self._at = datetime.now(UTC)
        self._started = time.monotonic()
        self._is_told = False

    def end(self, *, refusal: str = "") -> None:
        """Tell of the request as it is now."""
        if self._is_told:
            return
        self._is_told = True
        url = self._request.url
        self._egress.record(
            EgressRequest(
                via="mcp",
                method=self._request.method,
                host=url.host,
                port=url.port or _PORTS.get(url.scheme, 0),
                at=self._at,
                address=self.address,
                refusal=refusal,
                status=self.status,
                sent_bytes=int(self._request.headers.get("content-length", 0)),
                received_bytes=self.received,
                duration_ms=int((time.monotonic() - self._started) * 1000),
            )
        )


class _Counted(httpx2.AsyncByteStream):
    """A body whose bytes are counted while it is read."""

    def __init__(self, stream: httpx2.AsyncByteStream, guard: Guard, record: _Record) -> None:
        self._stream = stream
        self._guard = guard
        self._record = record

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            self._record.received += len(part)
            self._guard.take(len(part))
            yield part

    async def aclose(self) -> None:
        self._record.end()
        await self._stream.aclose()


def _problem(method: str, response: httpx2.Response) -> str | None:
    """What is wrong with the answer's head."""
    encoding = response.headers.get("content-encoding", "identity")
    if encoding != "identity":
        return f"{encoding[:100]}, which it was not asked for"
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if response.status_code == 200 and method == "POST" and media_type not in _TYPES:
        return f"{media_type[:100] or 'no content type'}, which is no MCP"
    return None


def _say(problem: Exception | None) -> str:
    return str(problem).rstrip(".") or type(problem).__name__
