"""Let a member of the platform's staff in, or keep them out."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.errors import Conflict, NotFound
from agentplatform.core.transactions import transaction
from apps.tenants.models import User
from apps.tenants.services.create_user import describe_user
from apps.tenants.services.record_change import record_change


def change_staff(*, user_id: UUID, is_active: bool, at: datetime) -> None:
    """Who is not active is signed out by the next request. Harmless twice.

    Raises NotFound, or Conflict for the last who is active: nobody could enter. Opens a
    transaction.
    """
    with transaction():
        # All of them are locked, so that two who deactivate each other take turns.
        staff = User.objects.filter(is_staff=True).order_by("id").select_for_update(no_key=True)
        by_id = {user.id: user for user in staff}
        user = by_id.pop(user_id, None)
        if user is None:
            raise NotFound(f"There is no member of staff {user_id}.")
        if user.is_active == is_active:
            return
        if not any(other.is_active for other in by_id.values()):
            raise Conflict("This is the last active member of staff. Let in another one first.")
        before = describe_user(user)
        user.is_active = is_active
        user.save(update_fields=["is_active"])
        record_change(
            tenant_id=None,
            action="user.changed",
            target=("user", user.id),
            at=at,
            before=before,
            after=describe_user(user),
        )
