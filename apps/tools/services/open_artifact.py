"""Read a stored file."""

from typing import BinaryIO
from uuid import UUID

from apps.tools.contracts import ArtifactRef
from apps.tools.selectors import artifact_ref, get_artifact
from apps.tools.services.artifact_contents import open_content


def open_artifact(*, tenant_id: UUID, artifact_id: UUID) -> tuple[ArtifactRef, BinaryIO]:
    """The artifact and its content, open for reading: the caller closes it.

    Raises NotFound when it is missing or another tenant's.
    """
    row = get_artifact(tenant_id=tenant_id, artifact_id=artifact_id)
    return artifact_ref(row), open_content(tenant_id=tenant_id, sha256=row.sha256)
