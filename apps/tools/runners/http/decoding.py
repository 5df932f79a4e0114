"""Content encodings, undone a piece at a time so that a small answer cannot fill the memory."""

import zlib
from collections.abc import Callable, Iterator

from apps.tools.runners.work import ToolFailure

ACCEPTED = "gzip, deflate"
_CHUNK_BYTES = 64 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}

Read = Callable[[int], bytes]


def decoded(read: Read, encoding: str) -> Iterator[bytes]:
    """The body without its encoding, in pieces of at most 64 KB: whoever wants no more stops.
    An encoding that was not asked for is left as it is. Raises ToolFailure for a broken body."""
    name = encoding.strip().lower()
    if name not in _WINDOWS:
        yield from iter(lambda: read(_CHUNK_BYTES), b"")
        return
    try:
        yield from _inflated(read, name)
    except zlib.error as error:
        raise ToolFailure("bad_answer", f"The body of the answer is no valid {name}.") from error


def _inflated(read: Read, name: str) -> Iterator[bytes]:
    inflater: zlib._Decompress | None = None
    while data := read(_CHUNK_BYTES):
        while data:
            inflater = inflater or _inflater(name, data)
            yield inflater.decompress(data, _CHUNK_BYTES)
            data = inflater.unconsumed_tail
            if inflater.eof:
                # Another member may follow the first one (RFC 1952, 2.2), or padding.
                data = inflater.unused_data if inflater.unused_data[:2] == _GZIP_MAGIC else b""
                inflater = None
    if inflater is None:
        return
    while piece := inflater.decompress(b"", _CHUNK_BYTES):
        yield piece
    if not inflater.eof:
        raise ToolFailure("bad_answer", f"The body of the answer ends within its {name}.")


def _inflater(name: str, data: bytes) -> "zlib._Decompress":
    if name == "deflate" and not _has_zlib_header(data):
        return zlib.decompressobj(-zlib.MAX_WBITS)
    return zlib.decompressobj(_WINDOWS[name])


def _has_zlib_header(data: bytes) -> bool:
    """Some servers send deflate without it (RFC 9110, 8.4.1.2)."""
    return len(data) > 1 and data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
