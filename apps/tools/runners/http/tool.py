"""The tool `http`: one request to a host on the allowlist."""

import time
from contextlib import ExitStack
from typing import Any

from apps.tools.contracts import ToolDescription
from apps.tools.runners.http.answer import BACKEND, make_answer
from apps.tools.runners.http.body import Files
from apps.tools.runners.http.bounds import Bounds, Stopped, Timeout
from apps.tools.runners.http.content import Content
from apps.tools.runners.http.exchange import Exchange
from apps.tools.runners.http.request import Request, make_request
from apps.tools.runners.http.retry import IDEMPOTENT, Patience
from apps.tools.runners.http.schema import PARAMETERS
from apps.tools.runners.masking import Masking
from apps.tools.runners.work import Ran, Tool, ToolFailure, Work

_RETRIES = 2
_CONNECT_SECONDS = 10.0

DESCRIPTION = ToolDescription(
    name="http",
    description=(
        "Send one HTTP request to an allowed host. The result has status, headers and body; "
        "a JSON body is decoded, a binary one is kept as an artifact."
    ),
    parameters=PARAMETERS,
)


def run_http(work: Work) -> Ran:
    """Send the request to a host that the call may reach. Any HTTP status is a result, unless the
    arguments say otherwise. What comes back does not show the secret that was sent."""
    most = work.limits.wall_seconds
    seconds = min(most, work.arguments.get("timeout_seconds", most))
    bounds = Bounds(time.monotonic() + seconds, work.stop)
    with ExitStack() as held:
        request = make_request(work, Files(work.open_input, held))
        masking = Masking(() if request.secret is None else (request.secret,))
        try:
            return _exchanged(work, request, bounds, masking)
        except Timeout:
            detail = f"There was no whole answer within {seconds:g} s."
            return Ran(status="timeout", backend=BACKEND, detail=detail)
        except Stopped:
            return Ran(status="killed", backend=BACKEND, detail="The call was stopped.")
        except ToolFailure as failure:
            detail = masking.text(failure.detail)
            raise ToolFailure(failure.code, detail, is_retryable=failure.is_retryable) from failure


def is_repeatable(arguments: dict[str, Any]) -> bool:
    """Whether sending the request twice does the same as sending it once (RFC 9110, 9.2.2)."""
    return arguments.get("method", "GET") in IDEMPOTENT


HTTP = Tool(
    description=DESCRIPTION,
    run=run_http,
    is_repeatable=is_repeatable,
    renamed={"timeout": "timeout_seconds", "connect_timeout": "connect_timeout_seconds"},
)


def _exchanged(work: Work, request: Request, bounds: Bounds, masking: Masking) -> Ran:
    arguments, limits = work.arguments, work.limits
    save_as = arguments.get("save_as")
    exchange = Exchange(
        egress=work.egress,
        bounds=bounds,
        patience=Patience(arguments.get("retries", _RETRIES)),
        connect_seconds=arguments.get("connect_timeout_seconds", _CONNECT_SECONDS),
        masking=masking,
        new_content=lambda status, media_type: Content(
            media_type=media_type,
            text_bytes=limits.output_bytes,
            file_bytes=min(limits.artifact_bytes, limits.artifacts_bytes),
            is_file=save_as is not None and status < 400,
        ),
        follows_redirects=arguments.get("follow_redirects", True),
    )
    response = exchange.run(request)
    return make_answer(
        response,
        attempts=exchange.attempts,
        save_as=save_as,
        fail_from_status=arguments.get("fail_from_status"),
        masking=masking,
    )
