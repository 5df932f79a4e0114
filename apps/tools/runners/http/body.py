"""What a request carries, so that it can be sent more than once."""

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from shutil import copyfileobj
from typing import Any, BinaryIO
from urllib.parse import urlencode
from uuid import UUID

from agentplatform.core.errors import NotFound
from apps.tools.runners.http.content import spool
from apps.tools.runners.work import ToolFailure

Part = bytes | BinaryIO

_CHUNK_BYTES = 64 * 1024
_KINDS = ("json", "form", "multipart", "body")
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,80}/[\w.+-]{1,80}(; ?[\w-]{1,40}=[\w.-]{1,80}){0,3}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Body:
    """Parts in memory, and files that can be read again from their start."""

    parts: tuple[Part, ...] = ()
    content_type: str = ""

    @property
    def size_bytes(self) -> int:
        return sum(len(part) if isinstance(part, bytes) else _size(part) for part in self.parts)

    def chunks(self) -> Iterator[bytes]:
        """All of it, from the start, each time."""
        for part in self.parts:
            if isinstance(part, bytes):
                yield part
                continue
            part.seek(0)
            while chunk := part.read(_CHUNK_BYTES):
                yield chunk


class Files:
    """Opens the artifacts that arguments name, and closes them with `held`."""

    def __init__(self, open_input: Callable[[UUID], BinaryIO], held: ExitStack) -> None:
        self._open_input = open_input
        self._held = held

    def open(self, artifact_id: str, *, field: str) -> BinaryIO:
        """The artifact, so that it can be read again. Raises ToolFailure, which names `field`."""
        try:
            content = self._held.enter_context(self._open_input(UUID(artifact_id)))
        except (ValueError, NotFound) as error:
            raise ToolFailure(
                "invalid_arguments", f"{field}: there is no artifact {artifact_id[:100]!r}."
            ) from error
        if content.seekable():
            return content
        copy = self._held.enter_context(spool())
        copyfileobj(content, copy)
        return copy


def make_body(arguments: Mapping[str, Any], files: Files) -> Body | None:
    """The body that the arguments ask for, if any. Raises ToolFailure, which names the argument."""
    given = [kind for kind in _KINDS if kind in arguments]
    if len(given) > 1:
        raise ToolFailure(
            "invalid_arguments", f"arguments: give {given[0]} or {given[1]}, not both."
        )
    if not given:
        return None
    kind, value = given[0], arguments[given[0]]
    if kind == "json":
        return Body(parts=(json.dumps(value).encode(),), content_type="application/json")
    if kind == "form":
        encoded = urlencode(pairs(value)).encode()
        return Body(parts=(encoded,), content_type="application/x-www-form-urlencoded")
    if kind == "multipart":
        return _multipart(value, files)
    if isinstance(value, str):
        return Body(parts=(value.encode(),))
    return Body(
        parts=(files.open(value["artifact"], field="arguments.body.artifact"),),
        content_type=_media_type(value, field="arguments.body.content_type"),
    )


def pairs(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The name and value pairs of a form or a query; a list repeats its name."""
    return [(name, plain(item)) for name, value in values.items() for item in _listed(value)]


def plain(value: Any) -> str:
    """A scalar as forms and queries write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _multipart(fields: Mapping[str, Any], files: Files) -> Body:
    boundary = secrets.token_hex(16)
    parts: list[Part] = []
    for name, value in fields.items():
        for item in _listed(value):
            head, content = _field(name, item, files)
            parts += [f"--{boundary}\r\n{head}\r\n\r\n".encode(), content, b"\r\n"]
    parts.append(f"--{boundary}--\r\n".encode())
    return Body(parts=tuple(parts), content_type=f"multipart/form-data; boundary={boundary}")


def _field(name: str, item: Any, files: Files) -> tuple[str, Part]:
    head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
    if not isinstance(item, dict):
        return head, plain(item).encode()
    place = f"arguments.multipart.{name[:100]}"
    content = files.open(item["artifact"], field=f"{place}.artifact")
    media_type = _media_type(item, field=f"{place}.content_type")
    file_name = _quoted(item.get("filename", name))
    return f'{head}; filename="{file_name}"\r\nContent-Type: {media_type}', content


def _media_type(item: Mapping[str, Any], *, field: str) -> str:
    media_type: str = item.get("content_type", "application/octet-stream")
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise ToolFailure("invalid_arguments", f"{field}: write a type like text/csv.")
    return media_type


def _quoted(text: str) -> str:
    """Text in a quoted parameter, as browsers write it."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else (value,)


def _size(content: BinaryIO) -> int:
    return content.seek(0, 2)
