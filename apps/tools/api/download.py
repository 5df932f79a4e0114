"""A stored file as an answer: always a download, in pieces, in part when asked."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from rest_framework.request import Request

from agentplatform.api.problems import problem_response
from agentplatform.api.streaming import stream
from apps.tools.api.byte_ranges import Unsatisfiable, asked_range
from apps.tools.contracts import ArtifactRef
from apps.tools.services.artifact_contents import open_content

PART_BYTES = 64 * 1024

# Types that a browser shows without running anything in them; all others are sent as bytes.
SAFE_TYPES = frozenset(
    {
        "application/json",
        "application/pdf",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "text/csv",
        "text/plain",
    }
)


def safe_type(media_type: str) -> str:
    """The media type as it may be told to a browser."""
    return media_type if media_type in SAFE_TYPES else "application/octet-stream"


def disposition(name: str) -> str:
    """The header that makes it a download of this name."""
    return content_disposition_header(True, PurePosixPath(name).name) or "attachment"


def download(
    request: Request | HttpRequest, *, tenant_id: UUID, file: ArtifactRef
) -> HttpResponseBase:
    """The file's content, or the part of it that the request's Range asks for."""
    try:
        part = _wanted(request, file)
    except Unsatisfiable:
        refused = problem_response(status=416, detail=f"The file has {file.size_bytes} bytes.")
        refused["Content-Range"] = f"bytes */{file.size_bytes}"
        return refused
    sent = part or range(file.size_bytes)
    answer = _answer(request, tenant_id, file, sent)
    answer["Content-Length"] = str(len(sent))
    if part is not None:
        answer.status_code = 206
        answer["Content-Range"] = f"bytes {part[0]}-{part[-1]}/{file.size_bytes}"
    answer["Content-Disposition"] = disposition(file.name)
    answer["Accept-Ranges"] = "bytes"
    answer["ETag"] = _tag(file)
    return protected(answer)


def _wanted(request: Request | HttpRequest, file: ArtifactRef) -> range | None:
    """A range of another version of the file, as If-Range knows it, is not asked for."""
    known = request.headers.get("If-Range", _tag(file))
    if known != _tag(file):
        return None
    return asked_range(request.headers.get("Range", ""), size=file.size_bytes)


def _answer(
    request: Request | HttpRequest, tenant_id: UUID, file: ArtifactRef, sent: range
) -> HttpResponseBase:
    media_type = safe_type(file.media_type)
    if request.method == "HEAD":
        return HttpResponse(content_type=media_type)
    content = open_content(tenant_id=tenant_id, sha256=file.sha256, start=sent.start)
    return stream(request, _parts(content, len(sent)), content_type=media_type, close=content.close)


def _parts(content: BinaryIO, length: int) -> Iterator[bytes]:
    while length > 0 and (part := content.read(min(PART_BYTES, length))):
        length -= len(part)
        yield part


def protected(answer: HttpResponseBase) -> HttpResponseBase:
    """The answer, in which a browser runs nothing and of which it keeps nothing."""
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer


def _tag(file: ArtifactRef) -> str:
    return f'"{file.sha256}"'
