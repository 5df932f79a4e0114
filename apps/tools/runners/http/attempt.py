"""One request, sent once."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection

from agentplatform.core.clock import now
from apps.tools.egress.errors import EgressRefused, HostUnreachable
from apps.tools.egress.rules import overriding_methods
from apps.tools.egress.session import Egress, EgressRequest
from apps.tools.runners.http.bounds import Bounds, Stopped, Timeout
from apps.tools.runners.http.request import Request
from apps.tools.runners.work import ToolFailure

_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST"})
"""How OpenSSL calls an answer that is none of TLS."""

Watch = Callable[[socket.socket], None]


class Unreachable(ToolFailure):
    """There was no whole answer. `was_sent`: the server may have acted on the request."""

    def __init__(self, detail: str, *, was_sent: bool) -> None:
        super().__init__("unreachable", detail, is_retryable=True)
        self.was_sent = was_sent


@dataclass
class Attempt:
    """One request on its way, and what is told of it."""

    request: Request
    egress: Egress
    bounds: Bounds
    connect_seconds: float
    at: datetime = field(default_factory=now)
    started: float = field(default_factory=time.monotonic)
    address: str = ""
    refusal: str = ""
    is_sent: bool = False
    status: int | None = None
    sent_bytes: int = 0
    received_bytes: int = 0

    @contextmanager
    def answered(self) -> Iterator[HTTPResponse]:
        """The response, whose body is read within the block. The attempt is recorded at its end.

        Raises Timeout, Stopped, ToolFailure for what the rules refuse, and Unreachable.
        """
        try:
            with self._told(), self.bounds.cutting() as watch:
                connection = self._connect(watch)
                try:
                    yield self._ask(connection)
                finally:
                    connection.close()
        finally:
            self.egress.record(self._entry())

    def read(self, response: HTTPResponse, size: int) -> bytes:
        """The next bytes of the body; none at its end. Raises HTTPException for a cut one."""
        part = response.read(size)
        self.received_bytes += len(part)
        # http.client takes the end of the connection for the end of the body.
        if not part and response.length:
            raise HTTPException(f"the body ends {response.length} bytes early")
        return part

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the network in our words, and in those of the record."""
        try:
            try:
                yield
            except ssl.SSLCertVerificationError as error:
                raise ToolFailure(
                    "unreachable",
                    f"{self.request.host} is not to be trusted: {error.verify_message}.",
                ) from error
            except (OSError, HTTPException) as error:
                if getattr(error, "reason", "") in _NO_TLS:
                    raise self._speaks_no_tls() from error
                self.bounds.check()
                raise Unreachable(
                    f"{self.request.host} did not answer: {error}.", was_sent=self.is_sent
                ) from error
            self.bounds.check()
        except Timeout:
            self.refusal = "It took too long and was cut."
            raise
        except Stopped:
            self.refusal = "The call was stopped."
            raise
        except ToolFailure as failure:
            self.refusal = failure.detail
            raise

    def _speaks_no_tls(self) -> ToolFailure:
        place = f"Port {self.request.port} of {self.request.host}"
        return ToolFailure("unreachable", f"{place} does not speak TLS; use http:// if it may be.")

    def _connect(self, watch: Watch) -> HTTPConnection:
        """A connection to a vetted address; TLS and the Host header still name the host."""
        request, egress = self.request, self.egress
        try:
            admitted = egress.admit(
                method=request.method,
                host=request.host,
                port=request.port,
                also_as=overriding_methods(request.headers.items()),
            )
            addresses = self.bounds.give_up_on(lambda: egress.addresses_of(admitted, request.port))
        except EgressRefused as error:
            raise ToolFailure("egress_refused", error.detail) from error
        except HostUnreachable as error:
            raise Unreachable(error.detail, was_sent=False) from error
        seconds = min(self.connect_seconds, self.bounds.left_seconds)
        plain = self._dial(addresses, seconds)
        watch(plain)
        if request.url.scheme == "http":
            connection = HTTPConnection(admitted.host, request.port)
            connection.sock = plain
        else:
            trust = egress.network.certificates
            connection = HTTPSConnection(admitted.host, request.port, context=trust)
            connection.sock = _secured(plain, trust, admitted.host, watch)
        connection.sock.settimeout(self.bounds.left_seconds)
        return connection

    def _dial(self, addresses: list[str], seconds: float) -> socket.socket:
        problem: OSError = OSError("it has no address")
        for address in addresses:
            self.bounds.check()
            self.address = address
            try:
                return socket.create_connection((address, self.request.port), seconds)
            except OSError as error:
                problem = error
        raise problem

    def _ask(self, connection: HTTPConnection) -> HTTPResponse:
        path, headers = self.request.signed()
        body = self.request.body
        if body is not None:
            headers["content-length"] = str(body.size_bytes)
        elif self.request.method in {"POST", "PUT", "PATCH"}:
            headers["content-length"] = "0"
        self.is_sent = True
        with suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            # A server that has read enough may answer and close.
            connection.request(self.request.method, path, self._body(), headers)
        response = connection.getresponse()
        self.status = response.status
        return response

    def _body(self) -> Iterator[bytes] | None:
        return None if self.request.body is None else self._counted(self.request.body.chunks())

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            yield chunk
            self.sent_bytes += len(chunk)

    def _entry(self) -> EgressRequest:
        return EgressRequest(
            via="http",
            method=self.request.method,
            host=self.request.host[:253],
            port=self.request.port,
            at=self.at,
            address=self.address,
            refusal=self.refusal,
            status=self.status,
            sent_bytes=self.sent_bytes,
            received_bytes=self.received_bytes,
            duration_ms=int((time.monotonic() - self.started) * 1000),
        )


def _secured(
    plain: socket.socket, certificates: ssl.SSLContext, host: str, watch: Watch
) -> ssl.SSLSocket:
    secured = certificates.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    watch(secured)
    try:
        secured.do_handshake()
    except BaseException:
        secured.close()
        raise
    return secured
