"""How many pages a PDF of a data URL has, counted in its bytes."""

import binascii
import re
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Final

MOST_PAGES: Final = 100
"""That providers take of one whose pages cannot be counted."""
_PAGE: Final = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_COUNT: Final = re.compile(rb"/Count\s+(\d{1,6})(?!\d)")
_PACKED: Final = re.compile(rb"/ObjStm\b.{0,400}?stream\r?\n", re.DOTALL)
_END: Final = b"endstream"
_MOST_PACKED: Final = 500
_LONGEST_PACKED: Final = 1024 * 1024
_MOST_UNPACKED: Final = 16 * 1024 * 1024
"""Of all streams: they hold objects, never what is on the pages."""


def pdf_pages(url: str) -> int:
    """As many as the PDF has objects that are pages or, where there are none to be seen, as its
    tree of pages says at most; MOST_PAGES where that cannot be seen either."""
    if not url.startswith("data:"):
        return MOST_PAGES
    try:
        data = binascii.a2b_base64(url.partition(",")[2])
    except ValueError:
        return MOST_PAGES
    pieces = (data, *_unpacked(data))
    pages = sum(1 for piece in pieces for _ in _PAGE.finditer(piece))
    counts = (int(found[1]) for piece in pieces for found in _COUNT.finditer(piece))
    return pages or max(counts, default=0) or MOST_PAGES


def _unpacked(data: bytes) -> Iterator[bytes]:
    """The objects that are packed into streams."""
    room = _MOST_UNPACKED
    for found in islice(_PACKED.finditer(data), _MOST_PACKED):
        begin, latest = found.end(), found.end() + _LONGEST_PACKED
        end = data.find(_END, begin, latest)
        try:
            packed = data[begin : latest if end < 0 else end]
            unpacked = zlib.decompressobj().decompress(packed, room)
        except zlib.error:
            continue
        room -= len(unpacked)
        yield unpacked
        if room <= 0:
            return
