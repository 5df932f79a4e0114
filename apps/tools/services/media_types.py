"""What a file is: told by its first bytes, then by its name; never by what its sender claims."""

from pathlib import PurePosixPath

UNKNOWN = "application/octet-stream"
SNIFF_BYTES = 512

_BY_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
_TEXT_BY_SUFFIX = {
    ".svg": "image/svg+xml",
    ".csv": "text/csv",
    ".json": "application/json",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
}


def sniff_media_type(*, name: str, head: bytes) -> str:
    """The media type of a file by its name and its first SNIFF_BYTES bytes."""
    for magic, media_type in _BY_MAGIC:
        if head.startswith(magic):
            return media_type
    if b"\x00" in head:
        return UNKNOWN
    opening = head.lstrip().lower()
    if opening.startswith((b"<!doctype html", b"<html")):
        return "text/html"
    if opening.startswith(b"<svg"):
        return "image/svg+xml"
    return _TEXT_BY_SUFFIX.get(PurePosixPath(name).suffix.lower(), UNKNOWN)
