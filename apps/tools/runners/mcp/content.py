"""What an MCP server's answer becomes: a value, and files."""

import json
import mimetypes
from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import mcp_types as types

from apps.tools.runners.limits import Limits
from apps.tools.runners.masking import Masking
from apps.tools.runners.work import ProducedFile


@dataclass(kw_only=True)
class Content:
    """`value` is the structured result where there is one, else the text. `is_cut`: not all of it
    is here."""

    value: Any
    text: str
    files: tuple[ProducedFile, ...]
    is_cut: bool


@dataclass
class _Reading:
    limits: Limits
    masking: Masking
    texts: list[str] = field(default_factory=list)
    files: list[ProducedFile] = field(default_factory=list)
    is_cut: bool = False

    def keep(self, name: str, media_type: str | None, content: str) -> None:
        """A file in base64; what is none, or too much, is left out."""
        try:
            decoded = b64decode(content, validate=True)
        except (NotBase64, ValueError):
            self.texts.append(f"[{name}: no valid base64]")
            return
        suffix = "" if PurePosixPath(name).suffix else _suffix(media_type)
        masked = b"".join(self.masking.stream(BytesIO(decoded)))
        kept = sum(file.size_bytes for file in self.files)
        if (
            len(self.files) >= self.limits.artifacts
            or len(masked) > self.limits.artifact_bytes
            or kept + len(masked) > self.limits.artifacts_bytes
        ):
            self.is_cut = True
            return
        self.files.append(ProducedFile.of(f"{name}{suffix}", masked))


def read_content(result: types.CallToolResult, *, limits: Limits, masking: Masking) -> Content:
    """Texts are joined by blank lines; images, sounds and binary resources become files, and a link
    a line with its address."""
    reading = _Reading(limits, masking)
    for place, block in enumerate(result.content, start=1):
        _read(reading, block, place)
    text = masking.text("\n\n".join(reading.texts))
    most = limits.output_bytes
    is_cut = reading.is_cut or len(text.encode("utf-8", "surrogatepass")) > most
    value: Any = text[:most]
    if result.structured_content is not None:
        structured = masking.json(result.structured_content)
        if len(json.dumps(structured)) <= most:
            value = structured
        else:
            is_cut = True
    return Content(value=value, text=text[:most], files=tuple(reading.files), is_cut=is_cut)


def _read(reading: _Reading, block: types.ContentBlock, place: int) -> None:
    match block:
        case types.TextContent():
            reading.texts.append(block.text)
        case types.ImageContent() | types.AudioContent():
            reading.keep(f"{block.type}-{place}", block.mime_type, block.data)
        case types.ResourceLink():
            reading.texts.append(f"{block.name}: {block.uri}")
        case types.EmbeddedResource(resource=types.TextResourceContents() as resource):
            reading.texts.append(resource.text)
        case types.EmbeddedResource(resource=types.BlobResourceContents() as resource):
            name = PurePosixPath(urlsplit(str(resource.uri)).path).name or f"resource-{place}"
            reading.keep(name, resource.mime_type, resource.blob)


def _suffix(media_type: str | None) -> str:
    return mimetypes.guess_extension(media_type or "") or ".bin"
