"""The port behind which contents of artifacts lie, wherever that is.

A content has a name under its tenant: the hash of what it is, so that one content is kept once. A
store knows no rows: who puts contents in place or deletes them holds the lock of their names
(services.artifact_contents).
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol
from uuid import UUID

from agentplatform.core.errors import PlatformError


class StoreUnavailable(PlatformError):
    """The store does not do what it is asked for; the sentence says why."""

    code = "store_unavailable"
    status = 503
    is_retryable = True


@dataclass(frozen=True, kw_only=True)
class StagedContent:
    """Content that was copied and is not in place yet. `head` is how it begins, for telling what it
    is; `finish` is the store's own way to put it in place."""

    name: str
    sha256: str
    size_bytes: int
    head: bytes
    finish: Callable[[], None] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class StoredContent:
    """A content in place, and when it came there."""

    name: str
    at: datetime


class Store(Protocol):
    """What goes wrong with the store itself raises StoreUnavailable."""

    def stage(
        self, content: BinaryIO, *, tenant_id: UUID, limit_bytes: int, name: str = ""
    ) -> AbstractContextManager[StagedContent]:
        """Copy `content` piece by piece; without a `name` the hash of it becomes its name. What
        keep() did not put in place is deleted with the block.

        Raises TooLarge once more than `limit_bytes` have been read.
        """
        ...

    def keep(self, staged: Collection[StagedContent]) -> None:
        """Put staged contents in place, each whole and at once; the same content twice is one."""
        ...

    def open(self, name: str, *, tenant_id: UUID, start: int = 0) -> BinaryIO:
        """A content from its byte `start` on, to be read and closed. Raises NotFound."""
        ...

    def delete(self, names: Collection[str], *, tenant_id: UUID) -> None:
        """Delete contents; harmless where there is none."""
        ...

    def delete_tenant(self, tenant_id: UUID) -> None:
        """Delete all that is stored of a tenant that stores nothing any more."""
        ...

    def link(
        self, name: str, /, *, tenant_id: UUID, seconds: int, media_type: str, disposition: str
    ) -> str | None:
        """An address that gives the content to whoever has it, with these headers; None where the
        store has no door of its own."""
        ...

    def tenants(self) -> Iterator[UUID]:
        """Of whom something may be stored."""
        ...

    def contents(self, tenant_id: UUID) -> Iterator[StoredContent]:
        """What is in place of one tenant."""
        ...

    def delete_unfinished(self, *, tenant_id: UUID, before: datetime) -> int:
        """Delete what was staged before then and left by a process that died. How many they
        were."""
        ...
