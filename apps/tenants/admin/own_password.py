"""The form in which a member of staff changes their own password."""

from typing import Any

from unfold.forms import AdminOwnPasswordChangeForm

from agentplatform.core.clock import now
from apps.tenants.services.set_staff_password import set_staff_password


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """Django's, saved by the audited service."""

    def save(self, commit: bool = True) -> Any:  # noqa: ARG002  Django's signature
        password = self.cleaned_data["new_password1"]
        set_staff_password(user_id=self.user.pk, password=password, at=now())
        self.user.refresh_from_db()
        return self.user
