"""Find out which user sends a token of the user pool; make that user at the first login."""

from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import IntegrityError, connection

from agentplatform.core.actor import Actor, acting
from agentplatform.core.errors import PlatformError
from agentplatform.core.tenancy import tenant_scope
from agentplatform.core.transactions import transaction
from apps.tenants.contracts import InvalidCredentials, Principal, Role, VerifiedToken
from apps.tenants.models import Tenant, User
from apps.tenants.services.cognito.verify_token import verify_token
from apps.tenants.services.create_user import create_user
from apps.tenants.services.record_change import record_change
from apps.tenants.states import lesser_role, rights_of

NO_USER = "This login has no user here. Ask an admin of your tenant to add you."


def authenticate_token(*, raw: str, at: datetime) -> tuple[Principal, datetime]:
    """Whose token `raw` is, and until when it is good.

    The user is found by Cognito's subject, within the tenant that the token names or that knows
    the subject. At the first login a user of the same verified address is linked to it; where the
    tenant allows provisioning, a user who is missing is made. Raises InvalidCredentials, and
    IdentityUnavailable.
    """
    token = verify_token(raw, at=at)
    tenant_id = token.tenant_id or _tenant_of(token.subject)
    if tenant_id is None:
        raise InvalidCredentials(NO_USER)
    with tenant_scope(tenant_id):
        tenant = Tenant.objects.filter(id=tenant_id).first()
        user = User.objects.filter(tenant_id=tenant_id, cognito_subject=token.subject).first()
        if tenant is None or (user is None and tenant.status != Tenant.Status.ACTIVE):
            raise InvalidCredentials(NO_USER)
        user = user or _first_login(tenant, token, at=at)
    _check_usable(tenant, user)
    return _principal(user, token), token.expires_at


def _tenant_of(subject: str) -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute("select tenant_of_subject(%s)", [subject])
        row = cursor.fetchone()
    tenant_id: UUID | None = row[0] if row else None
    return tenant_id


def _first_login(tenant: Tenant, token: VerifiedToken, *, at: datetime) -> User:
    """Two first logins at once make one user: the second finds what the first has made."""
    if not (token.email and token.email_verified):
        raise InvalidCredentials(NO_USER)
    me = Actor(kind="system", id="cognito", name=token.email)
    try:
        with acting(me), transaction():
            return _link(tenant, token, at=at) or _provision(tenant, token, at=at)
    except (IntegrityError, PlatformError) as error:
        user = User.objects.filter(tenant=tenant, cognito_subject=token.subject).first()
        if user is None:
            raise InvalidCredentials(NO_USER) from error
        return user


def _link(tenant: Tenant, token: VerifiedToken, *, at: datetime) -> User | None:
    users = User.objects.filter(tenant=tenant, cognito_subject__isnull=True)
    user = users.select_for_update().filter(email=User.objects.normalize_email(token.email)).first()
    if user is None:
        return None
    user.cognito_subject = token.subject
    user.save(update_fields=["cognito_subject"])
    record_change(
        tenant_id=tenant.id,
        action="user.linked",
        target=("user", user.id),
        at=at,
        after={"cognito_subject": token.subject},
    )
    return user


def _provision(tenant: Tenant, token: VerifiedToken, *, at: datetime) -> User:
    if not tenant.allows_provisioning:
        raise InvalidCredentials(NO_USER)
    return create_user(
        tenant_id=tenant.id,
        email=token.email or "",
        role=token.role or "viewer",
        cognito_subject=token.subject,
        at=at,
    )


def _check_usable(tenant: Tenant, user: User) -> None:
    if tenant.status != Tenant.Status.ACTIVE:
        raise InvalidCredentials("The tenant of this login is suspended.")
    if not user.is_active:
        raise InvalidCredentials("The user of this login is deactivated.")


def _principal(user: User, token: VerifiedToken) -> Principal:
    """Never more than either says: the user's role here, and the token's if it names one."""
    role = cast(Role, user.role)
    return Principal(
        tenant_id=cast(UUID, user.tenant_id),
        user_id=user.id,
        api_key_id=None,
        name=user.email,
        rights=rights_of(lesser_role(role, token.role) if token.role else role),
    )
