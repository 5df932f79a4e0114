"""How large an image of a data URL is, read from its first bytes."""

import binascii
import struct
from typing import Final

Size = tuple[int, int]
"""Width and height in pixels."""

_HEADER_CHARACTERS: Final = 64
_LONGEST_SEARCH: Final = 400_000
"""Characters of a JPEG that are looked through: cameras put pictures of their own in front."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8"
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers of JPEG after which a size stands."""
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
"""Those that nothing belongs to."""


def image_size(url: str) -> Size | None:
    """The size of a png, jpeg, gif or webp that the URL holds; None where it cannot be seen."""
    if not url.startswith("data:"):
        return None
    data = url.partition(",")[2]
    try:
        head = _decode(data, _HEADER_CHARACTERS)
        if head.startswith(_JPEG):
            return _jpeg(_decode(data, _LONGEST_SEARCH))
        return _plain(head)
    except (ValueError, struct.error, IndexError):
        return None


def _decode(data: str, characters: int) -> bytes:
    text = "".join(data[:characters].split())
    return binascii.a2b_base64(text[: len(text) // 4 * 4])


def _plain(head: bytes) -> Size | None:
    if head.startswith(_PNG):
        width, height = struct.unpack(">II", head[16:24])
        return width, height
    if head[:6] in (b"GIF87a", b"GIF89a"):
        width, height = struct.unpack("<HH", head[6:10])
        return width, height
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _webp(head[12:16], head[20:])
    return None


def _webp(kind: bytes, body: bytes) -> Size | None:
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        packed = int.from_bytes(body[1:5], "little")
        return 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg(data: bytes) -> Size | None:
    at = 2
    while data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _BARE:
            at += 2
        elif marker in _FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        else:
            at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
    return None
