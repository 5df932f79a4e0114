"""A small client of the platform's HTTP API."""

import json
import mimetypes
import secrets
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from agentplatform.embedded.errors import StackError


class Client:
    """Speaks for one API key. An answer that is no success is a StackError with its detail."""

    def __init__(self, *, url: str, api_key: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {api_key}", "Accept": "application/json"}

    def get(self, path: str, **query: object) -> Any:
        return self._json("GET", f"{path}?{urllib.parse.urlencode(query)}" if query else path)

    def send(self, method: str, path: str, body: object, **headers: str) -> Any:
        content = json.dumps(body).encode()
        return self._json(method, path, content, {"Content-Type": "application/json", **headers})

    def upload(self, path: str, file: Path) -> Any:
        """POST a file as the form field `file`."""
        boundary = secrets.token_hex(16)
        media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        name = file.name.replace("\\", "_").replace('"', "_")
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            f"Content-Type: {media_type}\r\n\r\n"
        )
        body = head.encode() + file.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        return self._json("POST", path, body, {"Content-Type": kind})

    def download(self, path: str, into: Path) -> Path:
        into.parent.mkdir(parents=True, exist_ok=True)
        into.write_bytes(self._call("GET", path))
        return into

    def _json(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        return json.loads(self._call(method, path, body, headers or {}) or b"null")

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        headers = self._headers | (headers or {})
        address = self._url + path
        request = urllib.request.Request(  # noqa: S310
            address, data=body, method=method, headers=headers
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                content = answer.read()
        except urllib.error.HTTPError as error:
            raise StackError(f"{method} {path}: {error.code} {explain(error.read())}") from error
        except (urllib.error.URLError, OSError) as error:
            raise StackError(
                f"{method} {path}: the web process does not answer: {error}"
            ) from error
        assert isinstance(content, bytes)
        return content


def explain(content: bytes) -> str:
    """The detail and the fields of a problem document, or the start of whatever it is."""
    try:
        problem = json.loads(content)
        fields = problem.get("errors") or {}
        return " ".join([problem["detail"], *(f"[{name}: {why}]" for name, why in fields.items())])
    except (ValueError, KeyError, AttributeError):
        return content[:300].decode(errors="replace")
