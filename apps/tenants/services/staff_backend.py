"""Who signs in to the admin site: the platform's staff, with a password."""

from typing import Any

from django.contrib.auth.backends import ModelBackend


class StaffBackend(ModelBackend):
    """Django's own, on a user model whose addresses are unique among staff, not among everyone
    (UserManager.get_by_natural_key); so nobody but staff has a password login."""

    def user_can_authenticate(self, user: Any) -> bool:
        return bool(user.is_staff) and super().user_can_authenticate(user)
