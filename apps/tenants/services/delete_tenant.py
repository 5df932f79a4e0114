"""End a tenant for good."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.errors import InvalidInput
from agentplatform.core.transactions import after_commit, transaction
from apps.tenants.models import Tenant
from apps.tenants.services.dispatch import send_tend
from apps.tenants.services.lock_tenant import lock_tenant
from apps.tenants.services.move_tenant import move_tenant


def delete_tenant(*, tenant_id: UUID, confirm_slug: str, at: datetime, reason: str = "") -> None:
    """The tenant is gone for everybody from the commit on; its data is purged afterwards. The row,
    the ledger and the audit stay. There is no way back.

    `confirm_slug` is the slug, typed by who means it. A second time changes nothing. Raises
    NotFound and InvalidInput. Opens a transaction.
    """
    with transaction():
        if lock_tenant(tenant_id).slug != confirm_slug:
            raise InvalidInput(
                "Type the slug of the tenant that is to be deleted.",
                errors={"confirm_slug": ["This is not the slug of the tenant."]},
            )
        status = Tenant.Status.DELETED
        if move_tenant(tenant_id, status, action="tenant.deleted", at=at, reason=reason):
            after_commit(send_tend)
