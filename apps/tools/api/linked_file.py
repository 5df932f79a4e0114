"""The address that a link to an artifact names: open to whoever has the link."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from agentplatform.api.problems import problem_response
from agentplatform.core.clock import now
from agentplatform.core.errors import PlatformError
from agentplatform.core.tenancy import tenant_scope
from apps.tenants.facade import require_active_tenant
from apps.tools.api.download import disposition, download, safe_type
from apps.tools.contracts import ArtifactRef
from apps.tools.selectors import artifact_ref, get_artifact
from apps.tools.services.artifact_links import Link, LinkRefused, check_link
from apps.tools.stores.chosen import artifact_store

STORE_SECONDS = 60
"""How long the store's own address is good for, to which a link leads."""


def address_of(link: Link) -> str:
    """The path and query of a link."""
    query = {"tenant": link.tenant_id, "expires": link.expires, "signature": link.signature}
    return f"{reverse('linked-file', args=[link.artifact_id])}?{urlencode(query)}"


@require_safe
def linked_file(request: HttpRequest, artifact_id: UUID) -> HttpResponseBase:
    """The artifact of a link that is good: from the store's own door where it has one."""
    at = now()
    try:
        link = _link(artifact_id, request.GET)
        check_link(link, at=at)
        with tenant_scope(link.tenant_id):
            require_active_tenant(tenant_id=link.tenant_id)
            row = get_artifact(tenant_id=link.tenant_id, artifact_id=artifact_id)
            file = artifact_ref(row)
            return _of_store(request, link, file, at) or download(
                request, tenant_id=link.tenant_id, file=file
            )
    except PlatformError as error:
        return problem_response(status=error.status, code=error.code, detail=error.detail)


def _of_store(
    request: HttpRequest, link: Link, file: ArtifactRef, at: datetime
) -> HttpResponseBase | None:
    """The store's address is made for GET alone."""
    if request.method != "GET":
        return None
    address = artifact_store().link(
        file.sha256,
        tenant_id=link.tenant_id,
        seconds=max(1, min(STORE_SECONDS, link.expires - int(at.timestamp()))),
        media_type=safe_type(file.media_type),
        disposition=disposition(file.name),
    )
    if address is None:
        return None
    return HttpResponseRedirect(address, headers={"Cache-Control": "private, no-store"})


def _link(artifact_id: UUID, query: Any) -> Link:
    try:
        return Link(
            tenant_id=UUID(query.get("tenant", "")),
            artifact_id=artifact_id,
            expires=int(query.get("expires", "")[:12]),
            signature=query.get("signature", ""),
        )
    except ValueError:
        raise LinkRefused("This link is not whole; copy all of it.") from None
