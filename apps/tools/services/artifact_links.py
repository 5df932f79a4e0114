"""Links that give one artifact to whoever has them, for a while.

A link names tenant, artifact and end, under a keyed hash of the three. It is checked each time it
is used: it ends early with its artifact, and rests while the tenant is suspended.
"""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings

from agentplatform.core.errors import InvalidInput, PlatformError
from agentplatform.core.keyed_hashes import keyed_hashes
from agentplatform.core.transactions import transaction
from apps.tenants.facade import keep_tenant_active, record_change
from apps.tools.selectors import get_artifact

_PURPOSE = "artifact_link"
DEFAULT_SECONDS = 300


class LinkRefused(PlatformError):
    """The link was not made here, was changed, or is over."""

    code = "link_refused"
    status = 403


@dataclass(frozen=True, kw_only=True)
class Link:
    """`expires` is its end, in seconds of Unix time."""

    tenant_id: UUID
    artifact_id: UUID
    expires: int
    signature: str

    @property
    def expires_at(self) -> datetime:
        return datetime.fromtimestamp(self.expires, UTC)


def make_link(
    *, tenant_id: UUID, artifact_id: UUID, seconds: int | None = None, at: datetime
) -> Link:
    """A link for so many seconds, or for the usual time. Opens a transaction.

    Raises NotFound, TenantInactive, and InvalidInput above ARTIFACT_LINK_SECONDS.
    """
    most = settings.PLATFORM.artifact_link_seconds
    wanted = min(DEFAULT_SECONDS, most) if seconds is None else seconds
    if wanted > most:
        raise InvalidInput(
            "The link would last too long.", errors={"seconds": [f"At most {most} seconds."]}
        )
    expires = int((at + timedelta(seconds=wanted)).timestamp())
    link = Link(
        tenant_id=tenant_id,
        artifact_id=artifact_id,
        expires=expires,
        signature=_signatures(tenant_id, artifact_id, expires)[0],
    )
    with transaction():
        keep_tenant_active(tenant_id=tenant_id)
        row = get_artifact(tenant_id=tenant_id, artifact_id=artifact_id)
        record_change(
            tenant_id=tenant_id,
            action="artifact.linked",
            target=("artifact", row.id),
            at=at,
            after={"name": row.name, "expires_at": link.expires_at},
        )
    return link


def check_link(link: Link, *, at: datetime) -> None:
    """Raises LinkRefused unless the link was made here and is not over."""
    right = _signatures(link.tenant_id, link.artifact_id, link.expires)
    if not any(hmac.compare_digest(one.encode(), link.signature.encode()) for one in right):
        raise LinkRefused("This link is not one that was made here; ask for a new one.")
    if at.timestamp() >= link.expires:
        raise LinkRefused("This link is over; ask for a new one.")


def _signatures(tenant_id: UUID, artifact_id: UUID, expires: int) -> tuple[str, ...]:
    return keyed_hashes(f"{tenant_id}/{artifact_id}/{expires}", purpose=_PURPOSE)
