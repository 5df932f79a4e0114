"""Bodies that are refused before they are read."""

import asyncio
import json
from typing import Any

import pytest

from agentplatform.api.bounds import BodyBounds


def ask(headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """The status and body of the answer; 200 is the application's own. Nothing may be read."""
    sent: list[dict[str, Any]] = []

    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def receive() -> Any:
        raise AssertionError("the body is read")

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "headers": raw}
    asyncio.run(BodyBounds(application)(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.mark.parametrize(
    ("headers", "status", "code", "detail"),
    [
        ({"content-length": str(200 * 1024 * 1024)}, 413, "too_large", "than 26214400 bytes"),
        ({"content-length": "9" * 30}, 413, "too_large", "Send less"),
        ({"transfer-encoding": "chunked"}, 411, "length_required", "Content-Length"),
    ],
)
def test_a_body_too_large_or_without_a_length_is_refused_unread(
    headers: dict[str, str], status: int, code: str, detail: str
) -> None:
    answered, body = ask(headers)
    assert (answered, body["code"]) == (status, code)
    assert detail in body["detail"]


@pytest.mark.parametrize("headers", [{}, {"content-length": "10"}, {"content-length": "x"}])
def test_other_bodies_pass(headers: dict[str, str]) -> None:
    assert ask(headers)[0] == 200
