"""Whom a TLS client wants to speak to, from the first bytes that it sends (RFC 8446, RFC 6066)."""

from apps.tools.egress.errors import EgressRefused

_HANDSHAKE, _CLIENT_HELLO, _SERVER_NAME, _HOST_NAME = 22, 1, 0, 0
_LONGEST_RECORD = 16384 + 256
LONGEST_HELLO = 64 * 1024


class Hello:
    """A ClientHello as it comes in; `sent` is all of it so far. Each byte is looked at once,
    however few come at a time: a proxy has other clients too."""

    def __init__(self) -> None:
        self.sent = bytearray()
        self._at = 0
        self._message = bytearray()  # joined from the records before that place

    def add(self, part: bytes) -> str | None:
        """The one host name in it, in lower case; None while it is not whole.

        Raises EgressRefused when this is no ClientHello or names no host.
        """
        self.sent += part
        message = self._first_message()
        if message is None:
            return None
        try:
            names = _server_names(_Reader(message))
        except (IndexError, UnicodeDecodeError) as error:
            raise EgressRefused(
                "The tunnel is refused: its TLS ClientHello is malformed."
            ) from error
        if len(names) != 1:
            raise EgressRefused(
                "The tunnel is refused: its TLS ClientHello must name one host (SNI); connect by "
                "name."
            )
        return names[0].lower()

    def _first_message(self) -> bytes | None:
        """The body of the first handshake message."""
        if self.sent and self.sent[0] != _HANDSHAKE:
            raise _no_tls()
        while len(self.sent) - self._at >= 5:
            kind, major = self.sent[self._at], self.sent[self._at + 1]
            size = int.from_bytes(self.sent[self._at + 3 : self._at + 5], "big")
            if kind != _HANDSHAKE or major != 3 or not 0 < size <= _LONGEST_RECORD:
                raise _no_tls()
            end = self._at + 5 + size
            if len(self.sent) < end:
                break
            self._message += self.sent[self._at + 5 : end]
            self._at = end
            whole = 4 + int.from_bytes(self._message[1:4], "big")
            if self._message[0] != _CLIENT_HELLO or whole > LONGEST_HELLO:
                raise _no_tls()
            if len(self._message) >= max(4, whole):
                return bytes(self._message[4:whole])
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
