"""Keep a file that a caller sends."""

from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

from agentplatform.core.ids import new_id
from apps.tools.contracts import ArtifactRef
from apps.tools.models import Artifact
from apps.tools.selectors import artifact_ref
from apps.tools.services.artifact_folder import put_content
from apps.tools.services.artifact_names import clean_name
from apps.tools.services.media_types import sniff_media_type


def store_artifact(
    *,
    tenant_id: UUID,
    name: str,
    content: BinaryIO | Path,
    at: datetime,
    run_id: UUID | None = None,
    step_id: UUID | None = None,
) -> ArtifactRef:
    """The stored file. Raises TooLarge above the upload limit.

    The content is written before the row, so a crash in between leaves bytes that nothing names,
    never a row without bytes. Joins the caller's transaction if there is one.
    """
    limit = settings.PLATFORM.artifact_upload_limit_bytes
    with content.open("rb") if isinstance(content, Path) else nullcontext(content) as file:
        row = stage_artifact(tenant_id=tenant_id, name=name, content=file, limit_bytes=limit, at=at)
    row.run_id = run_id
    row.step_id = step_id
    row.save(force_insert=True)
    return artifact_ref(row)


def stage_artifact(
    *, tenant_id: UUID, name: str, content: BinaryIO, limit_bytes: int, at: datetime
) -> Artifact:
    """Write the content and make its row, unsaved. Raises TooLarge above the limit."""
    stored = put_content(tenant_id=tenant_id, content=content, limit_bytes=limit_bytes)
    cleaned = clean_name(name)
    return Artifact(
        id=new_id(),
        tenant_id=tenant_id,
        name=cleaned,
        media_type=sniff_media_type(name=cleaned, head=stored.head),
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        created_at=at,
    )
