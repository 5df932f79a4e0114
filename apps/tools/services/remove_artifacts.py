"""Delete artifacts, and the contents that no other artifact has."""

from uuid import UUID

from django.db.models import QuerySet

from agentplatform.core.transactions import require_transaction
from apps.tools.models import Artifact
from apps.tools.services.artifact_contents import delete_contents, lock_contents


def remove_artifacts(rows: QuerySet[Artifact], *, tenant_id: UUID, limit: int | None = None) -> int:
    """How many of `rows`, artifacts of one tenant, were deleted. Requires a transaction.

    Files go before the commit: a crash in between leaves rows without content, which are deleted
    when this is repeated, and never content that nothing names. Content that is uploaded again at
    the same moment waits for the commit and is then put in place anew.
    """
    require_transaction()
    found = dict(rows.order_by("id").values_list("id", "sha256")[:limit])
    hashes = set(found.values())
    lock_contents(tenant_id=tenant_id, hashes=hashes)
    Artifact.objects.filter(id__in=found).delete()
    kept = Artifact.objects.filter(tenant_id=tenant_id, sha256__in=hashes)
    unnamed = hashes.difference(kept.values_list("sha256", flat=True))
    delete_contents(tenant_id=tenant_id, hashes=unnamed)
    return len(found)
