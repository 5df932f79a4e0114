"""Errors as application/problem+json (RFC 9457): what went wrong and what to change."""

from collections.abc import Iterator
from http import HTTPStatus
from math import ceil
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response

from agentplatform.core.errors import PlatformError
from agentplatform.telemetry.trace import current_trace_id

CONTENT_TYPE = "application/problem+json"
HTML_PATHS = ("/admin/", "/console/")

_CODES: dict[int, tuple[str, str]] = {
    400: ("malformed", "The request cannot be read."),
    401: ("unauthenticated", "Send `Authorization: Bearer <API key or token>`."),
    403: ("forbidden", "Your role does not allow this."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take this method; see the Allow header."),
    406: ("not_acceptable", "Ask for application/json."),
    411: ("length_required", "Send the body with a Content-Length."),
    413: ("too_large", "The body is larger than this address takes."),
    415: ("unsupported_media_type", "Send the body as application/json."),
    422: ("invalid", "Some fields are wrong; see errors."),
    429: ("too_many_requests", "Wait as long as Retry-After says, then try again."),
    500: ("internal_error", "The server failed; tell the operator the trace_id."),
    503: ("unavailable", "Something this needs is down; try again."),
}


def problem(
    *, status: int, code: str = "", detail: str = "", errors: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The body of an error. A code or detail that is not given follows from the status."""
    default_code, default_detail = _CODES.get(status, ("error", HTTPStatus(status).description))
    code = code or default_code
    body: dict[str, Any] = {
        "type": f"urn:agentplatform:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail or default_detail,
    }
    if errors:
        body["errors"] = errors
    return body | {"trace_id": current_trace_id()}


def problem_response(*, status: int, **members: Any) -> JsonResponse:
    """The same as a Django response, for what fails outside of a DRF view."""
    return JsonResponse(problem(status=status, **members), status=status, content_type=CONTENT_TYPE)


_WHOLE = ("non_field_errors", "__all__")


def flatten_errors(detail: Any, path: str = "") -> dict[str, list[str]]:
    """DRF's nested validation errors as a dict of field path ("steps.0.name") -> sentences."""
    flat: dict[str, list[str]] = {}
    for key, sentence in _walk(detail, path):
        flat.setdefault(key, []).append(sentence)
    return flat


def _walk(detail: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(detail, dict):
        for key, value in detail.items():
            at = path if key in _WHOLE else f"{path}.{key}".lstrip(".")
            yield from _walk(value, at)
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            yield from _walk(value, f"{path}.{index}".lstrip(".") if nested else path)
    else:
        yield path, str(detail)


def render_problem(error: Exception, _context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. What it does not know becomes a logged 500 (see server_error)."""
    members = _members_of(error)
    if members is None:
        return None
    return Response(
        problem(**members),
        status=members["status"],
        headers=_headers_of(error),
        content_type=CONTENT_TYPE,
    )


def _members_of(error: Exception) -> dict[str, Any] | None:
    match error:
        case PlatformError():
            return {
                "status": error.status,
                "code": error.code,
                "detail": error.detail,
                "errors": flatten_errors(error.errors),
            }
        case exceptions.ValidationError():
            return {"status": 422, "errors": flatten_errors(error.detail)}
        case Http404() | exceptions.NotFound():
            return {"status": 404}
        case DjangoPermissionDenied():
            return {"status": 403}
        case RequestDataTooBig():
            return {"status": 413}
        case exceptions.NotAuthenticated():
            return {"status": error.status_code}
        case exceptions.APIException():
            return {"status": error.status_code, "detail": str(error.detail)}
    return None


def _headers_of(error: Exception) -> dict[str, str]:
    headers: dict[str, str] = {}
    if getattr(error, "status", None) == 401 or getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = getattr(error, "auth_header", "Bearer")
    wait = getattr(error, "retry_after_seconds", None) or getattr(error, "wait", None)
    if wait:
        headers["Retry-After"] = str(max(1, ceil(wait)))
    return headers


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's handler400."""
    if _wants_html(request):
        return defaults.bad_request(request, exception)
    return problem_response(status=413 if isinstance(exception, RequestDataTooBig) else 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's handler403."""
    if _wants_html(request):
        return defaults.permission_denied(request, exception)
    return problem_response(status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's handler404."""
    if _wants_html(request):
        return defaults.page_not_found(request, exception)
    return problem_response(status=404)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Django's handler500: Django has logged the exception, the client learns nothing of it."""
    if _wants_html(request):
        return defaults.server_error(request)
    return problem_response(status=500)


def _wants_html(request: HttpRequest) -> bool:
    return request.path.startswith(HTML_PATHS)
