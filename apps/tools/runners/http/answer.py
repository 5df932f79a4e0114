"""What a call says of the response it got."""

import json
from pathlib import PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from apps.tools.runners.http.content import Content, spool
from apps.tools.runners.http.exchange import Response
from apps.tools.runners.masking import Masking
from apps.tools.runners.work import ProducedFile, Ran

BACKEND = "worker"
_LONGEST_HEADER = 8_000
_MOST_HEADER_CHARACTERS = 64_000


def make_answer(
    response: Response,
    *,
    attempts: int,
    save_as: str | None,
    fail_from_status: int | None,
    masking: Masking,
) -> Ran:
    """Status, headers and body without the secrets. Takes over the response's content."""
    content = response.content
    files: tuple[ProducedFile, ...] = ()
    body: Any = None
    if not content.is_file:
        body = _decoded(content, masking)
        content.close()
    elif content.is_cut:
        content.close()
    else:
        name = save_as or PurePosixPath(urlsplit(response.url).path).name or "body"
        files = (_file(masking.text(name), content, masking),)
    value = {
        "status": response.status,
        "url": masking.text(response.url),
        "headers": masking.json(_bounded(response.headers)),
        "body": body,
        "attempts": attempts,
    }
    if content.is_cut:
        kept = "it is not kept" if content.is_file else "its beginning is kept"
        detail = f"The body is longer than {content.size_bytes} bytes; {kept}."
        return Ran(status="output_exceeded", backend=BACKEND, detail=detail, value=value)
    if fail_from_status is not None and response.status >= fail_from_status:
        detail = f"The answer has the status {response.status}."
        return Ran(status="error", backend=BACKEND, detail=detail, value=value, files=files)
    return Ran(status="ok", backend=BACKEND, value=value, files=files)


def _decoded(content: Content, masking: Masking) -> Any:
    """The value of JSON; the text of all else, and of JSON that is broken or nested too deep."""
    text = content.text() or ""
    try:
        return masking.json(json.loads(text)) if content.is_json else masking.text(text)
    except (ValueError, RecursionError):
        return masking.text(text)


def _file(name: str, content: Content, masking: Masking) -> ProducedFile:
    file, size = content.file, content.size_bytes
    if masking.secrets:
        file = _masked(file, masking)
        size = file.tell()
        content.close()
    file.seek(0)
    return ProducedFile(name=name, content=file, size_bytes=size)


def _masked(content: BinaryIO, masking: Masking) -> BinaryIO:
    masked = spool()
    content.seek(0)
    for part in masking.stream(content):
        masked.write(part)
    return masked


def _bounded(headers: dict[str, str]) -> dict[str, str]:
    """As many and as long as a result may hold."""
    kept: dict[str, str] = {}
    left = _MOST_HEADER_CHARACTERS
    for name, value in headers.items():
        left -= len(name) + min(len(value), _LONGEST_HEADER)
        if left < 0:
            break
        kept[name] = value[:_LONGEST_HEADER]
    return kept
