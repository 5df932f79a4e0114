"""What views raise, as problems."""

from collections.abc import Iterator
from math import ceil
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from agentplatform.api.problems import CONTENT_TYPE, problem
from agentplatform.core.errors import PlatformError

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
            limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            return {"status": 413, "detail": f"The body is larger than {limit} bytes. Send less."}
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
