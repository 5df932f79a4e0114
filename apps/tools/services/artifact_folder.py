"""The folder store: <folder>/<tenant>/<sha256 of the content>, each file written once and whole.

A file is there while a row names its hash: it is put in place, and deleted, under a lock of the
tenant and the hash which lasts until the rows that say so are committed.
"""

import hashlib
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

from agentplatform.core.advisory_locks import lock_until_commit
from agentplatform.core.errors import NotFound, TooLarge
from agentplatform.core.ids import new_id
from apps.tools.services.media_types import SNIFF_BYTES

CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class StagedContent:
    """Content that was copied and has no name yet, in the file `part`. `head` is how it begins, for
    telling what it is."""

    part: Path
    sha256: str
    size_bytes: int
    head: bytes


@contextmanager
def stage_content(
    *, tenant_id: UUID, content: BinaryIO, limit_bytes: int
) -> Iterator[StagedContent]:
    """Copy `content` beside the store. What keep_contents did not take is deleted with the block.

    Raises TooLarge once more than `limit_bytes` have been read.
    """
    folder = _folder(tenant_id)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{new_id()}.part"
    try:
        with part.open("xb") as target:
            staged = _copy(content, target, limit_bytes)
            target.flush()
            os.fsync(target.fileno())
        yield staged
    finally:
        part.unlink(missing_ok=True)


def keep_contents(*, tenant_id: UUID, staged: Collection[StagedContent]) -> None:
    """Put staged contents into the store; the same content twice is one file.

    Requires the transaction that adds the rows of them.
    """
    for one in sorted(staged, key=lambda one: one.sha256):
        _lock(tenant_id, one.sha256)
        one.part.replace(_folder(tenant_id) / one.sha256)


def lock_contents(*, tenant_id: UUID, hashes: Collection[str]) -> None:
    """Nobody else adds or deletes these contents before the transaction ends."""
    for sha256 in sorted(set(hashes)):
        _lock(tenant_id, sha256)


def delete_content(*, tenant_id: UUID, sha256: str) -> None:
    """Delete content that no row names; harmless twice. Requires its lock."""
    (_folder(tenant_id) / sha256).unlink(missing_ok=True)


def delete_folder(*, tenant_id: UUID) -> None:
    """Delete all that is stored of a tenant that stores nothing any more."""
    folder = _folder(tenant_id)
    if folder.exists():
        shutil.rmtree(folder)


def open_content(*, tenant_id: UUID, sha256: str) -> BinaryIO:
    """Open stored content for reading. Raises NotFound when the store has lost it."""
    try:
        return (_folder(tenant_id) / sha256).open("rb")
    except FileNotFoundError as error:
        raise NotFound("The content of this artifact is no longer stored.") from error


def _folder(tenant_id: UUID) -> Path:
    return Path(settings.PLATFORM.artifact_folder) / str(tenant_id)


def _lock(tenant_id: UUID, sha256: str) -> None:
    lock_until_commit("artifact", tenant_id, sha256)


def _copy(content: BinaryIO, target: BinaryIO, limit_bytes: int) -> StagedContent:
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
    return StagedContent(
        part=Path(target.name), sha256=digest.hexdigest(), size_bytes=size, head=head
    )
