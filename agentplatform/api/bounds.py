"""Refuse requests that no view could read rightly, before any view sees them."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from agentplatform.api.problems import problem_response

MULTIPART_OVERHEAD = 64 * 1024


class RequestBounds:
    """Middleware: a body has a declared length within the largest upload; no NUL in the address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._limit = settings.PLATFORM.artifact_upload_limit_bytes + MULTIPART_OVERHEAD

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._refuse(request) or self._get_response(request)

    def _refuse(self, request: HttpRequest) -> HttpResponseBase | None:
        address = request.path + request.META.get("QUERY_STRING", "")
        if "\x00" in address or "%00" in address:
            return problem_response(status=400, detail="Remove the NUL character from the address.")
        length = request.META.get("CONTENT_LENGTH") or ""
        if not length and "Transfer-Encoding" in request.headers:
            return problem_response(status=411)
        if length.isdecimal() and int(length) > self._limit:
            return problem_response(status=413)
        return None
