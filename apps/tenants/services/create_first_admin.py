"""Give a new tenant somebody who manages it."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.tenants.contracts import NewApiKey
from apps.tenants.models import User
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_user import create_user
from apps.tenants.states import RIGHTS_OF_TENANTS


def create_first_admin(*, tenant_id: UUID, email: str, at: datetime) -> tuple[User, NewApiKey]:
    """An admin of the tenant, and a key that may do all an admin may.

    Raises InvalidInput, or Conflict when the tenant has a user of this address. Opens a
    transaction.
    """
    with transaction():
        user = create_user(tenant_id=tenant_id, email=email, role="admin", at=at)
        key = create_api_key(
            tenant_id=tenant_id,
            name="first admin",
            scopes=RIGHTS_OF_TENANTS,
            user_id=user.id,
            at=at,
        )
    return user, key
