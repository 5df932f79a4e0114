"""One HTTP request with its redirects, bounded in time and size."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from apps.tools.egress.errors import EgressRefused, HostUnreachable
from apps.tools.egress.rules import check_host
from apps.tools.egress.session import Egress
from apps.tools.runners.limits import MEGABYTE
from apps.tools.runners.work import ToolFailure

BODY_LIMIT_BYTES = MEGABYTE
MOST_REDIRECTS = 3
_CHUNK_BYTES = 64 * 1024
_WATCH_SECONDS = 0.1
_URL_SAFE = "%/:=&?~+!$,;'@()*[]-._"
_PORTS = {"http": 80, "https": 443}
_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to send. Header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, kw_only=True)
class Response:
    """What came back; `is_cut` when the body is longer than BODY_LIMIT_BYTES."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes
    is_cut: bool


class Timeout(Exception):
    """The exchange did not end in time."""


class Stopped(Exception):
    """Nobody wants the answer any more."""


def exchange(
    request: Request, *, egress: Egress, seconds: float, stop: threading.Event
) -> Response:
    """The final response. Each address, redirects too, is checked against the rules.

    Raises Timeout, Stopped, or ToolFailure for an address that is refused or does not answer.
    """
    deadline = time.monotonic() + seconds
    for _ in range(MOST_REDIRECTS + 1):
        response = _send(request, egress, deadline, stop)
        location = response.headers.get("location")
        if response.status not in {301, 302, 303, 307, 308} or not location:
            return response
        request = _redirected(request, response.status, urljoin(request.url, location))
    raise ToolFailure("too_many_redirects", f"More than {MOST_REDIRECTS} redirects.")


def _send(request: Request, egress: Egress, deadline: float, stop: threading.Event) -> Response:
    target = _split(request.url)
    connection = _connection(target, egress, max(0.01, deadline - time.monotonic()))
    path = quote(target._replace(scheme="", netloc="", fragment="").geturl(), safe=_URL_SAFE) or "/"
    with _bounded(connection, deadline, stop) as bound:
        try:
            connection.connect()
            bound(connection.sock)
            connection.request(
                request.method, path, body=request.body, headers=dict(request.headers)
            )
            response = _read(request.url, connection.getresponse())
        except ValueError as error:
            raise ToolFailure("invalid_arguments", f"arguments: {error}.") from error
        except (OSError, HTTPException) as error:
            if stop.is_set():
                raise Stopped from error
            if time.monotonic() >= deadline or isinstance(error, TimeoutError):
                raise Timeout from error
            raise ToolFailure(
                "unreachable", f"{target.hostname} did not answer: {error}.", is_retryable=True
            ) from error
    if stop.is_set():
        raise Stopped
    if time.monotonic() >= deadline:
        raise Timeout
    return response


def _connection(target: SplitResult, egress: Egress, seconds: float) -> HTTPConnection:
    port = target.port or _PORTS[target.scheme]
    try:
        host = check_host(target.hostname or "", egress.rules)
        return egress.network.connection(target.scheme, host, port, seconds)
    except EgressRefused as error:
        raise ToolFailure("egress_refused", error.detail) from error
    except HostUnreachable as error:
        raise ToolFailure("unreachable", error.detail, is_retryable=True) from error


def _split(url: str) -> SplitResult:
    try:
        target = urlsplit(url)
        target.port  # noqa: B018
    except ValueError as error:
        raise ToolFailure("invalid_arguments", f"arguments.url: {error}.") from error
    if target.scheme not in _PORTS:
        raise ToolFailure("invalid_arguments", "arguments.url: use http:// or https://.")
    if target.username or target.password:
        raise ToolFailure("invalid_arguments", "arguments.url: leave out user and password.")
    return target


@contextmanager
def _bounded(
    connection: HTTPConnection, deadline: float, stop: threading.Event
) -> Iterator[Callable[[socket.socket], None]]:
    """Cut the sockets given to the yielded function at the deadline or when `stop` is set, however
    slowly they drip. The connection itself forgets its socket before the body is read."""
    done = threading.Event()
    sockets: list[socket.socket] = []

    def watch() -> None:
        while not done.wait(_WATCH_SECONDS):
            if stop.is_set() or time.monotonic() >= deadline:
                for open_socket in sockets:
                    with suppress(OSError):
                        open_socket.shutdown(socket.SHUT_RDWR)

    watcher = threading.Thread(target=watch, name="http-deadline", daemon=True)
    watcher.start()
    try:
        yield sockets.append
    finally:
        done.set()
        watcher.join()
        connection.close()


def _read(url: str, response: HTTPResponse) -> Response:
    body = bytearray()
    while len(body) <= BODY_LIMIT_BYTES and (part := response.read(_CHUNK_BYTES)):
        body += part
    return Response(
        url=url,
        status=response.status,
        headers={name.lower(): value for name, value in response.getheaders()},
        body=bytes(body[:BODY_LIMIT_BYTES]),
        is_cut=len(body) > BODY_LIMIT_BYTES,
    )


def _redirected(request: Request, status: int, url: str) -> Request:
    """The next request: secrets stay with their host; only 307 and 308 send the body again."""
    headers = dict(request.headers)
    if _origin(url) != _origin(request.url):
        headers = {name: value for name, value in headers.items() if name not in _SECRET_HEADERS}
    if status in {307, 308} or request.method in {"GET", "HEAD"}:
        return replace(request, url=url, headers=headers)
    headers = {name: value for name, value in headers.items() if not name.startswith("content-")}
    return replace(request, method="GET", url=url, headers=headers, body=None)


def _origin(url: str) -> tuple[str, str]:
    target = urlsplit(url)
    return target.scheme, target.netloc
