"""Contents of artifacts as rows name them.

A content is in the store while a row names its hash: it is put in place, and deleted, under a lock
of the tenant and the hash which lasts until the rows that say so are committed.
"""

from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import BinaryIO
from uuid import UUID

from agentplatform.core.advisory_locks import begin_with_locks, lock_until_commit
from apps.tools.stores.chosen import artifact_store
from apps.tools.stores.store import StagedContent


def stage_content(
    *, tenant_id: UUID, content: BinaryIO, limit_bytes: int
) -> AbstractContextManager[StagedContent]:
    """Copy `content` into the store, where nobody finds it yet. What keep_contents did not take is
    deleted with the block.

    Raises TooLarge once more than `limit_bytes` have been read, and StoreUnavailable.
    """
    return artifact_store().stage(content, tenant_id=tenant_id, limit_bytes=limit_bytes)


def keep_contents(*, tenant_id: UUID, staged: Collection[StagedContent]) -> None:
    """Put staged contents in place; the same content twice is one. Raises StoreUnavailable.

    Requires the transaction that adds the rows of them.
    """
    lock_contents(tenant_id=tenant_id, hashes=[one.sha256 for one in staged])
    keep_locked(staged)


def begin_with_contents(*, tenant_id: UUID, hashes: Collection[str]) -> None:
    """Have the first statement of the open transaction lock these contents, as lock_contents
    does."""
    begin_with_locks(_name(tenant_id, sha256) for sha256 in hashes)


def keep_locked(staged: Collection[StagedContent]) -> None:
    """keep_contents, of contents whose locks are held."""
    once = {one.sha256: one for one in staged}
    artifact_store().keep(once.values())


def lock_contents(*, tenant_id: UUID, hashes: Collection[str]) -> None:
    """Nobody else adds or deletes these contents before the transaction ends."""
    for sha256 in sorted(set(hashes)):
        lock_until_commit(*_name(tenant_id, sha256))


def delete_contents(*, tenant_id: UUID, hashes: Collection[str]) -> None:
    """Delete contents that no row names, and their thumbnails; harmless twice. Requires their
    locks."""
    names = [name for sha256 in hashes for name in (thumbnail_name(sha256), sha256)]
    artifact_store().delete(names, tenant_id=tenant_id)


def open_content(*, tenant_id: UUID, sha256: str, start: int = 0) -> BinaryIO:
    """Open stored content for reading, from its byte `start` on. Raises NotFound when the store has
    lost it, and StoreUnavailable."""
    return artifact_store().open(sha256, tenant_id=tenant_id, start=start)


def _name(tenant_id: UUID, sha256: str) -> tuple[object, ...]:
    return "artifact", tenant_id, sha256


def thumbnail_name(sha256: str) -> str:
    """What the thumbnail of a content is called in the store."""
    return f"{sha256}.thumbnail"


def hash_of(name: str) -> str:
    """The hash of the content to which what is called so in the store belongs."""
    return name.partition(".")[0]
