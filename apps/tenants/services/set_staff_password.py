"""Set the password of a member of the platform's staff."""

import secrets
from datetime import datetime
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from agentplatform.core.errors import InvalidInput, NotFound
from agentplatform.core.mask import MASK
from agentplatform.core.transactions import transaction
from apps.tenants.models import User
from apps.tenants.services.record_change import record_change


def new_password() -> str:
    """One that nobody chose: 120 random bits."""
    return secrets.token_urlsafe(15)


def set_staff_password(*, user_id: UUID, password: str, at: datetime) -> None:
    """From now on only `password` signs them in, and every session of theirs is over.

    Raises InvalidInput for a weak one, NotFound for who is no staff. Opens a transaction.
    """
    with transaction():
        user = User.objects.select_for_update(no_key=True).filter(pk=user_id, is_staff=True).first()
        if user is None:
            raise NotFound(f"There is no member of staff {user_id}.")
        check_password_strength(password, user)
        user.set_password(password)
        user.save(update_fields=["password"])
        record_change(
            tenant_id=None,
            action="user.password_changed",
            target=("user", user.id),
            at=at,
            after={"password": MASK},
        )


def check_password_strength(password: str, user: User) -> None:
    """Raises InvalidInput that says what is weak about it."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput(
            "Choose another password.", errors={"password": error.messages}
        ) from error
