"""Bytes on the wire, for tests that must see exactly what the provider says."""

import http.client
import json
from dataclasses import dataclass
from typing import Any

from tests.provider.process import HOST, Provider

HEADERS = {"Authorization": "Bearer k", "x-api-key": "k", "anthropic-version": "2026-10-21"}
TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Reply:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def events(self) -> list[str]:
        """The data of each server-sent event."""
        lines = self.raw.decode().splitlines()
        return [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]


def post(
    provider: Provider, path: str, body: Any, *, headers: dict[str, str] | None = None
) -> Reply:
    """POST `body` (bytes as they are, anything else as JSON) with both providers' keys."""
    connection = http.client.HTTPConnection(HOST, provider.port, timeout=TIMEOUT_SECONDS)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        connection.request("POST", path, raw, HEADERS if headers is None else headers)
        response = connection.getresponse()
        return Reply(response.status, dict(response.headers.items()), response.read())
    finally:
        connection.close()
