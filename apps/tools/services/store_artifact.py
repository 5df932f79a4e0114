"""Keep a file that a caller sends."""

from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

from agentplatform.core.ids import new_id
from agentplatform.core.transactions import transaction
from apps.tenants.facade import keep_tenant_active, record_change
from apps.tools.contracts import ArtifactRef
from apps.tools.models import Artifact
from apps.tools.selectors import artifact_ref
from apps.tools.services.artifact_contents import keep_contents, stage_content
from apps.tools.services.artifact_names import clean_name
from apps.tools.services.media_types import sniff_media_type
from apps.tools.services.thumbnails import ask_for_thumbnails, wanted_of
from apps.tools.stores.store import StagedContent


def store_artifact(
    *,
    tenant_id: UUID,
    name: str,
    content: BinaryIO | Path,
    at: datetime,
    run_id: UUID | None = None,
    step_id: UUID | None = None,
) -> ArtifactRef:
    """The stored file. Raises TooLarge above the upload limit, TenantInactive and
    StoreUnavailable.

    The content is in place before the row is committed, so a crash in between leaves bytes that
    nothing names, never a row without bytes. Opens a transaction once the content is copied.
    """
    limit = settings.PLATFORM.artifact_upload_limit_bytes
    with (
        content.open("rb") if isinstance(content, Path) else nullcontext(content) as file,
        stage_content(tenant_id=tenant_id, content=file, limit_bytes=limit) as staged,
    ):
        row = artifact_row(tenant_id=tenant_id, name=name, staged=staged, at=at)
        row.run_id = run_id
        row.step_id = step_id
        with transaction():
            keep_tenant_active(tenant_id=tenant_id)
            keep_contents(tenant_id=tenant_id, staged=[staged])
            row.save(force_insert=True)
            _record(row)
            ask_for_thumbnails([row])
    return artifact_ref(row)


def _record(row: Artifact) -> None:
    record_change(
        tenant_id=row.tenant_id,
        action="artifact.uploaded",
        target=("artifact", row.id),
        at=row.created_at,
        after={
            "name": row.name,
            "media_type": row.media_type,
            "size_bytes": row.size_bytes,
            "sha256": row.sha256,
        },
    )


def artifact_row(*, tenant_id: UUID, name: str, staged: StagedContent, at: datetime) -> Artifact:
    """The row of staged content, unsaved."""
    cleaned = clean_name(name)
    media_type = sniff_media_type(name=cleaned, head=staged.head)
    return Artifact(
        id=new_id(),
        tenant_id=tenant_id,
        name=cleaned,
        media_type=media_type,
        thumbnail=wanted_of(media_type=media_type, size_bytes=staged.size_bytes),
        size_bytes=staged.size_bytes,
        sha256=staged.sha256,
        created_at=at,
    )
