"""The tool `http`: one request to a host on the allowlist."""

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from apps.tools.contracts import ToolDescription
from apps.tools.runners.http.exchange import (
    BODY_LIMIT_BYTES,
    Request,
    Response,
    Stopped,
    Timeout,
    exchange,
)
from apps.tools.runners.work import ProducedFile, Ran, Tool, ToolFailure, Work

_BACKEND = "worker"
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_OWN_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "expect"}
)

DESCRIPTION = ToolDescription(
    name="http",
    description=(
        "Send one HTTP request to an allowed host. The result has status, headers and body; "
        "a JSON body is decoded."
    ),
    parameters={
        "type": "object",
        "properties": {
            "method": {
                "type": "string",
                "enum": ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"],
            },
            "url": {"type": "string", "minLength": 1, "maxLength": 4000},
            "headers": {
                "type": "object",
                "maxProperties": 50,
                "additionalProperties": {"type": "string", "maxLength": 8000},
            },
            "json": {"description": "A body to send as JSON."},
            "body": {"type": "string", "maxLength": 1_000_000},
            "timeout": {"type": "number", "exclusiveMinimum": 0, "maximum": 600},
        },
        "required": ["url"],
        "additionalProperties": False,
    },
)


def run_http(work: Work) -> Ran:
    """Send the request to a host that the call may reach. Any HTTP status is a result."""
    most = work.limits.wall_seconds
    seconds = min(most, work.arguments.get("timeout", most))
    try:
        response = exchange(
            _request(work.arguments), egress=work.egress, seconds=seconds, stop=work.stop
        )
    except Timeout:
        detail = f"There was no whole answer within {seconds:g} s."
        return Ran(status="timeout", backend=_BACKEND, detail=detail)
    except Stopped:
        return Ran(status="killed", backend=_BACKEND, detail="The call was stopped.")
    return _ran(response)


def is_repeatable(arguments: dict[str, Any]) -> bool:
    """Whether sending the request twice does the same as sending it once (RFC 9110, 9.2.2)."""
    return arguments.get("method", "GET") in _REPEATABLE


HTTP = Tool(description=DESCRIPTION, run=run_http, is_repeatable=is_repeatable)


def _request(arguments: Mapping[str, Any]) -> Request:
    headers = {name.lower(): value for name, value in arguments.get("headers", {}).items()}
    if refused := sorted(_OWN_HEADERS & headers.keys()):
        raise ToolFailure(
            "invalid_arguments", f"arguments.headers: leave out {refused[0]}; it is set for you."
        )
    if unfit := [name for name in headers if not _HEADER_NAME.fullmatch(name)]:
        raise ToolFailure(
            "invalid_arguments", f"arguments.headers: {unfit[0][:100]!r} is no header name."
        )
    if "json" in arguments and "body" in arguments:
        raise ToolFailure("invalid_arguments", "arguments: give json or body, not both.")
    body = arguments["body"].encode() if "body" in arguments else None
    if "json" in arguments:
        body = json.dumps(arguments["json"]).encode()
        headers.setdefault("content-type", "application/json")
    headers.setdefault("user-agent", "agent-platform")
    headers["accept-encoding"] = "identity"
    return Request(
        method=arguments.get("method", "GET"), url=arguments["url"], headers=headers, body=body
    )


def _ran(response: Response) -> Ran:
    body, files = _body(response)
    value = {"status": response.status, "headers": response.headers, "body": body}
    if response.is_cut:
        detail = f"The body is longer than {BODY_LIMIT_BYTES} bytes; its beginning is kept."
        return Ran(
            status="output_exceeded", backend=_BACKEND, detail=detail, value=value, files=files
        )
    return Ran(status="ok", backend=_BACKEND, value=value, files=files)


def _body(response: Response) -> tuple[Any, tuple[ProducedFile, ...]]:
    """Decoded JSON, text, or None and a file when it is neither."""
    try:
        text = response.body.decode()
    except UnicodeDecodeError:
        name = PurePosixPath(urlsplit(response.url).path).name or "body"
        return None, (ProducedFile.of(name, response.body),)
    if "json" in response.headers.get("content-type", ""):
        try:
            return json.loads(text), ()
        except (ValueError, RecursionError):
            return text, ()
    return text, ()
