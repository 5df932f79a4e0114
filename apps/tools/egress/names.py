"""Answer name lookups of a sandbox: every name that it may reach is its own loopback, where the
proxy listens; no other name exists. Nothing is ever asked of a real name server."""

from collections.abc import Callable

_HEADER_BYTES = 12
_ANSWER, _RECURSION = 0x8000, 0x0180
_NO_SUCH_NAME, _NOT_IMPLEMENTED = 3, 4
_TYPE_A, _CLASS_IN = 1, 1
_SECONDS = 60
_LOOPBACK = bytes([127, 0, 0, 1])


def answer_lookup(query: bytes, knows: Callable[[str], bool]) -> bytes:
    """The answer to a query of one question (RFC 1035); empty when it is none."""
    try:
        name, end = _question(query)
        kind, family = (int.from_bytes(query[at : at + 2], "big") for at in (end, end + 2))
    except (IndexError, UnicodeDecodeError):
        return b""
    if len(query) < end + 4:
        return b""
    question = query[_HEADER_BYTES : end + 4]
    if query[2] & 0x78 or family != _CLASS_IN:
        return _head(query, _NOT_IMPLEMENTED, 0) + question
    if not knows(name):
        return _head(query, _NO_SUCH_NAME, 0) + question
    if kind != _TYPE_A:
        return _head(query, 0, 0) + question
    record = b"\xc0\x0c" + _pair(_TYPE_A, _CLASS_IN) + _SECONDS.to_bytes(4, "big")
    return _head(query, 0, 1) + question + record + b"\x00\x04" + _LOOPBACK


def _question(query: bytes) -> tuple[str, int]:
    """The name of the one question, and where it ends."""
    if len(query) < _HEADER_BYTES or query[2] & 0x80 or query[4:6] != b"\x00\x01":
        raise IndexError
    labels = []
    at = _HEADER_BYTES
    while size := query[at]:
        if size > 63:
            raise IndexError
        labels.append(query[at + 1 : at + 1 + size].decode("ascii"))
        at += 1 + size
    return ".".join(labels).lower(), at + 1


def _head(query: bytes, code: int, answers: int) -> bytes:
    flags = _ANSWER | _RECURSION | code
    return query[:2] + _pair(flags, 1) + _pair(answers, 0) + _pair(0, 0)[:2]


def _pair(one: int, other: int) -> bytes:
    return one.to_bytes(2, "big") + other.to_bytes(2, "big")
