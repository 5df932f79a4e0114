"""What an app holds of a tenant, for the ends of a tenant's life."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Protocol
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class ExportedRows:
    """The rows of one file of an export, a JSON line each, read while they are written."""

    name: str
    rows: Iterable[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class ExportedFile:
    """A stored file for an export. `open` raises NotFound when its content is lost."""

    path: str
    open: Callable[[], BinaryIO]


Exported = ExportedRows | ExportedFile
Counts = Mapping[str, int]
"""How many, by what: {"runs": 20, "artifacts": 3}."""


class Holdings(Protocol):
    """What an app holds of a tenant, for the ends of a tenant's life. A module is one.

    `ended_before` None is everything, of a tenant that is deleted; otherwise what is over and done
    with since then.
    """

    def cancel_work(self, *, tenant_id: UUID, at: datetime, limit: int) -> int:
        """How many were cancelled, at most `limit`; 0: nothing runs. Requires a transaction."""

    def count_work(self, *, tenant_id: UUID) -> Counts:
        """What `cancel_work` would cancel, zeros left out."""

    def export(self, *, tenant_id: UUID) -> Iterator[Exported]:
        """All that the app holds. Called in the tenant's scope; requires no transaction."""

    def count(self, *, tenant_id: UUID, ended_before: datetime | None) -> Counts:
        """What `purge` would delete, zeros left out."""

    def purge(self, *, tenant_id: UUID, ended_before: datetime | None, limit: int) -> Counts:
        """Delete one batch of about `limit` rows and what belongs to them; returns what was
        deleted, nothing when nothing is left. Requires a transaction, in the platform's scope."""
