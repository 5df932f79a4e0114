"""Change what a user may do, and whether they may do anything."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.errors import Conflict, NotFound
from agentplatform.core.transactions import transaction
from apps.tenants.contracts import Role
from apps.tenants.models import Tenant, User
from apps.tenants.services.create_user import describe_user
from apps.tenants.services.lock_tenant import lock_tenant
from apps.tenants.services.record_change import record_change


def change_user(
    *,
    tenant_id: UUID,
    user_id: UUID,
    at: datetime,
    role: Role | None = None,
    is_active: bool | None = None,
) -> User:
    """The user with the new role and activity; None leaves as it is.

    Raises NotFound, or Conflict when the tenant would be left without an active admin. Opens a
    transaction; changes of one tenant's users wait for each other, so that two admins cannot
    demote one another.
    """
    with transaction():
        tenant = lock_tenant(tenant_id)
        user = User.objects.filter(pk=user_id, tenant_id=tenant_id).first()
        if user is None:
            raise NotFound(f"There is no user {user_id}.")
        before, was_admin = describe_user(user), _is_active_admin(user)
        user.role = role if role is not None else user.role
        user.is_active = is_active if is_active is not None else user.is_active
        if describe_user(user) == before:
            return user
        if was_admin and not _is_active_admin(user):
            _require_another_admin(tenant, than=user)
        user.save(update_fields=["role", "is_active"])
        record_change(
            tenant_id=tenant_id,
            action="user.changed",
            target=("user", user.id),
            at=at,
            before=before,
            after=describe_user(user),
        )
    return user


def _is_active_admin(user: User) -> bool:
    return user.is_active and user.role == User.Role.ADMIN


def _require_another_admin(tenant: Tenant, *, than: User) -> None:
    admins = tenant.users.filter(role=User.Role.ADMIN, is_active=True)
    if not admins.exclude(pk=than.pk).exists():
        raise Conflict(
            "This is the last active admin of the tenant. Make another user an admin first."
        )
