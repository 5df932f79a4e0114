"""Create a user."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.tenants.contracts import Role
from apps.tenants.models import User
from apps.tenants.services.insert import insert
from apps.tenants.services.record_change import record_change
from apps.tenants.services.set_staff_password import check_password_strength


def create_user(
    *,
    tenant_id: UUID,
    email: str,
    at: datetime,
    role: Role = "member",
    cognito_subject: str | None = None,
) -> User:
    """A user of a tenant, who signs in with Cognito or acts through a key.

    Raises InvalidInput, or Conflict when the tenant has a user of this address. Opens a
    transaction.
    """
    user = User(
        tenant_id=tenant_id,
        email=User.objects.normalize_email(email),
        role=role,
        cognito_subject=cognito_subject,
    )
    user.set_unusable_password()
    _insert(user, at=at)
    return user


def create_staff(*, email: str, password: str, at: datetime) -> User:
    """A member of the platform's staff, who signs in to the admin site and sees every tenant.

    Raises InvalidInput, or Conflict when the address is taken. Opens a transaction.
    """
    user = User(email=User.objects.normalize_email(email), is_staff=True, is_superuser=True)
    check_password_strength(password, user)
    user.set_password(password)
    _insert(user, at=at)
    return user


def describe_user(user: User) -> dict[str, object]:
    """What the audit says of a user."""
    return {"email": user.email, "role": user.role, "is_active": user.is_active}


def _insert(user: User, *, at: datetime) -> None:
    with transaction():
        insert(user, taken=f"There is a user with the address {user.email!r} already.")
        record_change(
            tenant_id=user.tenant_id,
            action="user.created",
            target=("user", user.id),
            at=at,
            after=describe_user(user),
        )
