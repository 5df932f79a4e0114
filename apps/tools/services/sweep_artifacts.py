"""Delete contents that no artifact names: what a process left that died before it could say."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

import structlog

from agentplatform.core.transactions import transaction
from apps.tools.models import Artifact
from apps.tools.services.artifact_contents import delete_contents, hash_of, lock_contents
from apps.tools.stores.chosen import artifact_store

GRACE = timedelta(days=1)
"""A content may lie unnamed for so long: longer than any call or upload takes."""
_AT_ONCE = 200

log = structlog.get_logger("tools")


def sweep_artifacts(*, at: datetime) -> int:
    """How many contents were deleted, of every tenant. Opens a transaction for some at a time.

    A content that somebody keeps at the same moment stays: its lock is waited for, and rows are
    asked again under it.
    """
    store, before = artifact_store(), at - GRACE
    swept = 0
    for tenant_id in store.tenants():
        unfinished = store.delete_unfinished(tenant_id=tenant_id, before=before)
        old = (one.name for one in store.contents(tenant_id) if one.at < before)
        deleted = sum(_sweep(tenant_id, names) for names in _parts(old))
        if unfinished or deleted:
            log.info(
                "artifacts.swept",
                tenant_id=str(tenant_id),
                unfinished=unfinished,
                deleted=deleted,
            )
        swept += unfinished + deleted
    return swept


def _sweep(tenant_id: UUID, names: list[str]) -> int:
    unnamed = _unnamed(tenant_id, {hash_of(name) for name in names})
    if not unnamed:
        return 0
    with transaction():
        lock_contents(tenant_id=tenant_id, hashes=unnamed)
        unnamed = _unnamed(tenant_id, unnamed)
        delete_contents(tenant_id=tenant_id, hashes=unnamed)
    return len(unnamed)


def _unnamed(tenant_id: UUID, hashes: set[str]) -> set[str]:
    rows = Artifact.objects.filter(tenant_id=tenant_id, sha256__in=hashes)
    return hashes - set(rows.values_list("sha256", flat=True))


def _parts(names: Iterable[str]) -> Iterator[list[str]]:
    names = iter(names)
    while part := list(islice(names, _AT_ONCE)):
        yield part
