"""The one permission class: the right that a view needs, looked up in the table of rights."""

from typing import TYPE_CHECKING, Literal

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.tenants.api.authentication import ApiUser
from apps.tenants.contracts import Right
from apps.tenants.facade import may

if TYPE_CHECKING:  # rest_framework.views imports this module while it is being imported
    from rest_framework.views import APIView

Need = Right | Literal["any"]


class HasRight(BasePermission):
    """A view says what it needs: `required_right_to_read` for safe methods, `required_right` for
    all others, each a right or "any" of them. What a view does not say, nobody may do.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        user = request.user
        if not isinstance(user, ApiUser):
            return False
        need = need_of(view, request.method or "")
        if need == "any":
            return bool(user.principal.rights)
        return need is not None and may(user.principal, need)


def need_of(view: "APIView | type[APIView]", method: str) -> Need | None:
    """What this method of this view needs; None: it does not say."""
    if method == "OPTIONS" or not hasattr(view, method.lower()):
        return "any"  # what can be asked for at all, which 405 answers too
    name = "required_right_to_read" if method in SAFE_METHODS else "required_right"
    need: Need | None = getattr(view, name, None)
    return need
