"""Whom a TLS client wants to speak to, from the first bytes that it sends (RFC 8446, RFC 6066)."""

from apps.tools.egress.errors import EgressRefused

_HANDSHAKE, _CLIENT_HELLO, _SERVER_NAME, _HOST_NAME = 22, 1, 0, 0
_LONGEST_RECORD = 16384 + 256
LONGEST_HELLO = 64 * 1024


def server_name(sent: bytes) -> str | None:
    """The one host name in a ClientHello, in lower case; None while `sent` is not all of it.

    Raises EgressRefused when this is no ClientHello or names no host.
    """
    message = _first_message(sent)
    if message is None:
        return None
    try:
        names = _server_names(_Reader(message))
    except (IndexError, UnicodeDecodeError) as error:
        raise EgressRefused("The tunnel is refused: its TLS ClientHello is malformed.") from error
    if len(names) != 1:
        raise EgressRefused(
            "The tunnel is refused: its TLS ClientHello must name one host (SNI); connect by name."
        )
    return names[0].lower()


def _first_message(sent: bytes) -> bytes | None:
    """The body of the first handshake message, joined from its records."""
    joined = b""
    at = 0
    while len(sent) - at >= 5:
        kind, major = sent[at], sent[at + 1]
        size = int.from_bytes(sent[at + 3 : at + 5], "big")
        if kind != _HANDSHAKE or major != 3 or not 0 < size <= _LONGEST_RECORD:
            raise _no_tls()
        joined += sent[at + 5 : at + 5 + size]
        at += 5 + size
        if joined[:1] != bytes([_CLIENT_HELLO])[: len(joined)]:
            raise _no_tls()
        whole = 4 + int.from_bytes(joined[1:4], "big")
        if whole > LONGEST_HELLO:
            raise _no_tls()
        if len(joined) >= 4 and len(joined) >= whole:
            return joined[4:whole]
    if sent[:1] not in {b"", bytes([_HANDSHAKE])}:
        raise _no_tls()
    return None


def _no_tls() -> EgressRefused:
    return EgressRefused("The tunnel is refused: only TLS may pass it, beginning with ClientHello.")


def _server_names(hello: "_Reader") -> list[str]:
    hello.take(2 + 32)  # version and random
    hello.block(1)  # session
    hello.block(2)  # ciphers
    hello.block(1)  # compressions
    names = []
    extensions = _Reader(hello.block(2))
    while extensions.is_left:
        kind, content = extensions.number(2), extensions.block(2)
        if kind == _SERVER_NAME:
            listed = _Reader(_Reader(content).block(2))
            while listed.is_left:
                form, name = listed.number(1), listed.block(2)
                names.append(name.decode("ascii") if form == _HOST_NAME else "")
    return names


class _Reader:
    """Takes numbers and blocks off a message; raises IndexError behind its end."""

    def __init__(self, message: bytes) -> None:
        self._message = message
        self._at = 0

    @property
    def is_left(self) -> bool:
        return self._at < len(self._message)

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._message):
            raise IndexError
        taken, self._at = self._message[self._at : end], end
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def block(self, length_size: int) -> bytes:
        return self.take(self.number(length_size))
