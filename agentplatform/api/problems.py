"""Errors as application/problem+json (RFC 9457): what went wrong and what to change."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views import defaults

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
