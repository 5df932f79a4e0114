"""Where every request begins: seeing nothing, being nobody."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from agentplatform.core.actor import acting
from agentplatform.core.tenancy import no_scope, platform_scope

PLATFORM_PATH = "/admin/"


class RequestScope:
    """Middleware around all that asks the database. The API's authentication enters the tenant of
    whoever asks; the admin site, and nothing else, sees every tenant."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with no_scope(), acting(None):
            if request.path.startswith(PLATFORM_PATH):
                with platform_scope():
                    return self._get_response(request)
            return self._get_response(request)
