"""Who acts in the admin site."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from agentplatform.api.address import client_address
from agentplatform.api.scope import PLATFORM_PATH
from agentplatform.core.actor import Actor, become


class StaffActor:
    """Middleware after Django's authentication: the audit names who is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(PLATFORM_PATH) and request.user.is_authenticated:
            user = request.user
            address = client_address(request)
            become(Actor(kind="staff", id=str(user.pk), name=user.email, address=address))
        return self._get_response(request)
