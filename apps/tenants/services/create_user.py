"""Create a user."""

from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from agentplatform.core.errors import InvalidInput
from apps.tenants.contracts import Role
from apps.tenants.models import User
from apps.tenants.services.insert import insert


def create_user(
    *,
    tenant_id: UUID | None,
    email: str,
    password: str,
    role: Role = "member",
    is_platform_staff: bool = False,
) -> User:
    """A user who signs in by email. Platform staff sign in to the admin and see every tenant.

    Raises InvalidInput, or Conflict when the address is taken.
    """
    user = User(
        tenant_id=tenant_id,
        email=User.objects.normalize_email(email),
        role=role,
        is_staff=is_platform_staff,
        is_superuser=is_platform_staff,
    )
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput(
            "Choose another password.", errors={"password": error.messages}
        ) from error
    user.set_password(password)
    insert(user, taken=f"There is a user with the address {user.email!r} already.")
    return user
