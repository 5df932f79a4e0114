"""The one permission class: the right that a view needs, looked up in the table of rights."""

from typing import TYPE_CHECKING, cast

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.tenants.api.authentication import ApiUser
from apps.tenants.contracts import Right
from apps.tenants.facade import may

if TYPE_CHECKING:  # rest_framework.views imports this module while it is being imported
    from rest_framework.views import APIView


class HasRight(BasePermission):
    """Safe methods need `read`; others need the view's `required_right`, or else `run`.

    Reading what takes more than `read` is said by the view's `required_right_to_read`.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        user = request.user
        return isinstance(user, ApiUser) and may(user.principal, right_needed(request, view))


def right_needed(request: Request, view: "APIView") -> Right:
    """The right that this request to this view needs."""
    if request.method in SAFE_METHODS:
        return cast(Right, getattr(view, "required_right_to_read", "read"))
    return cast(Right, getattr(view, "required_right", "run"))
