"""What pages say unasked: their console, their errors, the requests that failed."""

from typing import TYPE_CHECKING

from apps.tools.runners.browser.session import LONGEST_TOLD_URL, Session

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, ConsoleMessage, Request, Response, WebError

_FIRST_FAILURE = 400


def listen(context: "BrowserContext", session: Session) -> None:
    """Keep what every page of `context` says in `session`, as far as there is room."""

    def on_console(message: "ConsoleMessage") -> None:
        session.note(f"{message.type}: {message.text}")

    def on_error(error: "WebError") -> None:
        session.complain(str(error.error))

    def on_failed(request: "Request") -> None:
        session.miss(f"{_name(request)}: {request.failure or 'failed'}")

    def on_response(response: "Response") -> None:
        if response.status >= _FIRST_FAILURE:
            session.miss(f"{_name(response.request)}: HTTP {response.status}")

    context.on("console", on_console)
    context.on("weberror", on_error)
    context.on("requestfailed", on_failed)
    context.on("response", on_response)


def _name(request: "Request") -> str:
    return f"{request.method} {request.url[:LONGEST_TOLD_URL]}"
