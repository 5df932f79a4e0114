"""Read what the calls of a session work on."""

from typing import BinaryIO

from apps.tools.models import ToolCall
from apps.tools.selectors import workspaces_of
from apps.tools.services.artifact_contents import open_content


def open_workspace(*, call: ToolCall, session: str) -> BinaryIO | None:
    """What the last call of the call's step left in the session, open for reading: the caller
    closes it. None when the session is new. Raises NotFound when the store has lost it."""
    row = workspaces_of(call, session=session).first()
    return None if row is None else open_content(tenant_id=row.tenant_id, sha256=row.sha256)
