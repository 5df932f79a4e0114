"""The folder store: <folder>/<tenant>/<sha256 of the content>, each file written once and whole."""

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

from agentplatform.core.errors import NotFound, TooLarge
from agentplatform.core.ids import new_id
from apps.tools.services.media_types import SNIFF_BYTES

CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class StoredContent:
    """`head` is how the content begins, for telling what it is."""

    sha256: str
    size_bytes: int
    head: bytes


def put_content(*, tenant_id: UUID, content: BinaryIO, limit_bytes: int) -> StoredContent:
    """Copy `content` into the store. The same content twice is one file.

    Raises TooLarge, leaving nothing behind, once more than `limit_bytes` have been read.
    """
    folder = _folder(tenant_id)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{new_id()}.part"
    try:
        with part.open("xb") as target:
            stored = _copy(content, target, limit_bytes)
            target.flush()
            os.fsync(target.fileno())
        part.replace(folder / stored.sha256)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return stored


def open_content(*, tenant_id: UUID, sha256: str) -> BinaryIO:
    """Open stored content for reading. Raises NotFound when the store has lost it."""
    try:
        return (_folder(tenant_id) / sha256).open("rb")
    except FileNotFoundError as error:
        raise NotFound("The content of this artifact is no longer stored.") from error


def _folder(tenant_id: UUID) -> Path:
    return Path(settings.PLATFORM.artifact_folder) / str(tenant_id)


def _copy(content: BinaryIO, target: BinaryIO, limit_bytes: int) -> StoredContent:
    digest = hashlib.sha256()
    head = b""
    size = 0
    while chunk := content.read(CHUNK_BYTES):
        size += len(chunk)
        if size > limit_bytes:
            raise TooLarge(f"The file is larger than {limit_bytes} bytes; send a smaller one.")
        head = head or chunk[:SNIFF_BYTES]
        digest.update(chunk)
        target.write(chunk)
    return StoredContent(sha256=digest.hexdigest(), size_bytes=size, head=head)
