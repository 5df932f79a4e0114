"""What a file is: told by its first bytes, then by its name; never by what its sender claims."""

import re
from pathlib import PurePosixPath

UNKNOWN = "application/octet-stream"

_BY_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"PAR1", "application/vnd.apache.parquet"),
    (b"ARROW1\x00\x00", "application/vnd.apache.arrow.file"),
    (b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (b"\x00asm", "application/wasm"),
    (b"wOF2", "font/woff2"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
_BY_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_OFFICE = "application/vnd.openxmlformats-officedocument"
_ZIP_BY_SUFFIX = {
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".pptx": f"{_OFFICE}.presentationml.presentation",
}
_TEXT_BY_SUFFIX = {
    ".svg": "image/svg+xml",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".txt": "text/plain",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".xml": "application/xml",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "text/html",
}
_SVG = re.compile(rb"<svg[\s>/]")
# What browsers take for HTML, as the WHATWG's sniffing standard lists it.
_HTML = re.compile(
    rb"<(!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|meta"
    rb"|img)[\s>/]|<!--"
)
_BEFORE_MARKUP = re.compile(
    rb"(\xef\xbb\xbf)?(\s|<\?xml[^>]*>|<!doctype svg[^>]*>|<!--.*?-->)*", re.S
)


def sniff_media_type(*, name: str, head: bytes) -> str:
    """The media type of a file by its name and its first bytes, some thousands of them.

    A name only says which kind of text or of ZIP archive it is; text that a browser would take for
    markup is markup whatever its name.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if binary := _binary(head, suffix):
        return binary
    if b"\x00" in head:
        return UNKNOWN
    return _markup(head) or _TEXT_BY_SUFFIX.get(suffix, UNKNOWN)


def _binary(head: bytes, suffix: str) -> str:
    for magic, media_type in _BY_MAGIC:
        if head.startswith(magic):
            return media_type
    if head.startswith(b"RIFF"):
        return _BY_RIFF.get(head[8:12], "")
    if head[4:8] == b"ftyp":
        return "image/avif" if head[8:12] == b"avif" else "video/mp4"
    if head.startswith(b"PK\x03\x04"):
        return _ZIP_BY_SUFFIX.get(suffix, "application/zip")
    return ""


def _markup(head: bytes) -> str:
    folded = head.lower()
    opening = _BEFORE_MARKUP.match(folded)
    start = opening.end() if opening else 0
    if _SVG.match(folded, start):
        return "image/svg+xml"
    return "text/html" if _HTML.match(folded, start) else ""
