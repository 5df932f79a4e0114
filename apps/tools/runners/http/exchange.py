"""A request with its redirects and its retries, inside one deadline."""

import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPResponse

from agentplatform.core.retry_after import read_retry_after
from apps.tools.egress.session import Egress
from apps.tools.runners.http.attempt import Attempt, Unreachable
from apps.tools.runners.http.bounds import Bounds
from apps.tools.runners.http.content import Content
from apps.tools.runners.http.cookies import Cookies
from apps.tools.runners.http.decoding import decoded
from apps.tools.runners.http.request import Request, is_redirect
from apps.tools.runners.http.retry import RETRIED_STATUSES, Patience
from apps.tools.runners.masking import Masking
from apps.tools.runners.work import ToolFailure

MOST_REDIRECTS = 5


@dataclass(frozen=True, kw_only=True)
class Response:
    """The last response: `url` is where it came from."""

    url: str
    status: int
    headers: dict[str, str]
    content: Content


@dataclass(kw_only=True)
class Exchange:
    """One call's way: what it may reach, how long, and what it has used of its patience."""

    egress: Egress
    bounds: Bounds
    patience: Patience
    connect_seconds: float
    masking: Masking
    new_content: Callable[[int, str], Content]
    follows_redirects: bool = True
    attempts: int = 0
    _cookies: Cookies = field(default_factory=Cookies)

    def run(self, request: Request) -> Response:
        """The final response. Each address, redirects too, is checked against the rules.

        Raises Timeout, Stopped, or ToolFailure for an address that is refused or does not answer.
        """
        for _ in range(MOST_REDIRECTS + 1):
            response = self._persist(request)
            location = response.headers.get("location")
            if not self.follows_redirects or not is_redirect(response.status, location):
                return response
            response.content.close()
            request = request.redirected(response.status, location or "")
            self._check_redirect(request)
        raise ToolFailure("too_many_redirects", f"More than {MOST_REDIRECTS} redirects.")

    def _persist(self, request: Request) -> Response:
        """The response to one request, which is sent again while that may help."""
        while True:
            try:
                response = self._send(request)
            except Unreachable as error:
                delay = self._delay(request, was_sent=error.was_sent)
                if delay is None:
                    raise
            else:
                if response.status not in RETRIED_STATUSES:
                    return response
                pause = read_retry_after(response.headers)
                delay = self._delay(request, was_sent=True, retry_after=pause)
                if delay is None:
                    return response
                response.content.close()
            self.patience = self.patience.spent()
            self.bounds.wait(delay)

    def _delay(
        self, request: Request, *, was_sent: bool, retry_after: float | None = None
    ) -> float | None:
        return self.patience.delay(
            method=request.method,
            was_sent=was_sent,
            left_seconds=self.bounds.left_seconds,
            jitter=random.random(),  # noqa: S311  spreads callers, guards nothing
            retry_after=retry_after,
        )

    def _send(self, request: Request) -> Response:
        url = request.url.geturl()
        attempt = Attempt(
            request=request.with_cookies(self._cookies.header(url)),
            egress=self.egress,
            bounds=self.bounds,
            connect_seconds=self.connect_seconds,
        )
        self.attempts += 1
        with ExitStack() as undo:
            with attempt.answered() as answer:
                self._cookies.keep(url, answer)
                headers = _headers(answer)
                content = self.new_content(answer.status, headers.get("content-type", ""))
                undo.callback(content.close)
                read = partial(attempt.read, answer)
                content.fill(decoded(read, headers.get("content-encoding", "")))
            undo.pop_all()
        return Response(url=url, status=answer.status, headers=headers, content=content)

    def _check_redirect(self, following: Request) -> None:
        """A server that puts the secret into a redirect does not get it carried elsewhere."""
        if following.secret is None or following.secret.is_for(following.url):
            return
        if self.masking.is_in(following.url.geturl()):
            raise ToolFailure(
                "egress_refused",
                f"The redirect is refused: it would carry the secret to {following.host}.",
            )


def _headers(answer: HTTPResponse) -> dict[str, str]:
    """By name in lower case; what comes several times is joined."""
    headers: dict[str, str] = {}
    for name, value in answer.getheaders():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers
