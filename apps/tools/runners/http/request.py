"""What is sent, and where a redirect leads it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import SplitResult, quote, urlencode, urljoin, urlsplit

from agentplatform.core.errors import NotFound
from agentplatform.core.mask import names_secret
from apps.tools.runners.http.body import Body, Files, make_body, pairs
from apps.tools.runners.http.decoding import ACCEPTED
from apps.tools.runners.secret import PORTS, Secret
from apps.tools.runners.work import ToolFailure, Work

_URL_SAFE = "%/:=&?~+!$,;'@()*[]-._"
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_OWN_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "expect"}
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, kw_only=True)
class Request:
    """`url` and `headers` are without the secret, which is put in as the request leaves. Header
    names are in lower case."""

    method: str
    url: SplitResult
    headers: Mapping[str, str]
    body: Body | None
    secret: Secret | None

    @property
    def host(self) -> str:
        return self.url.hostname or ""

    @property
    def port(self) -> int:
        return self.url.port or PORTS[self.url.scheme]

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.url.scheme, self.host, self.port

    def signed(self) -> tuple[str, dict[str, str]]:
        """The path and the headers as they leave: with the secret, if it is bound to this host."""
        url, headers = self.url, dict(self.headers)
        if self.secret is not None and self.secret.is_for(url):
            url, headers = self.secret.sign(url, headers)
        path = quote(url._replace(scheme="", netloc="", fragment="").geturl(), safe=_URL_SAFE)
        return path or "/", headers

    def with_cookies(self, cookies: str) -> "Request":
        """The same with these cookies beside its own."""
        if not cookies:
            return self
        own = self.headers.get("cookie")
        return replace(
            self, headers={**self.headers, "cookie": f"{own}; {cookies}" if own else cookies}
        )

    def redirected(self, status: int, location: str) -> "Request":
        """The request that a redirect asks for: what is secret stays with its origin, and a body is
        sent on only where the method is (RFC 9110, 15.4). Raises ToolFailure."""
        url = split_url(urljoin(self.url.geturl(), location), "The redirect")
        becomes_get = (status == 303 and self.method != "HEAD") or (
            status in {301, 302} and self.method == "POST"
        )
        following = replace(self, url=url)
        if following.origin != self.origin:
            headers = {name: text for name, text in self.headers.items() if not names_secret(name)}
            following = replace(following, headers=headers)
        if becomes_get:
            kept = {k: v for k, v in following.headers.items() if not k.startswith("content-")}
            following = replace(following, method="GET", headers=kept, body=None)
        return following


def is_redirect(status: int, location: str | None) -> bool:
    """Whether a response asks to look elsewhere."""
    return status in _REDIRECTS and bool(location)


def make_request(work: Work, files: Files) -> Request:
    """The request that the arguments describe. Raises ToolFailure, which names the argument."""
    arguments = work.arguments
    url = split_url(arguments["url"], "arguments.url")
    if query := urlencode(pairs(arguments.get("query", {})), quote_via=quote):
        url = url._replace(query=f"{url.query}&{query}" if url.query else query)
    headers = _headers(arguments)
    body = make_body(arguments, files)
    if body is not None and body.content_type:
        headers.setdefault("content-type", body.content_type)
    return Request(
        method=arguments.get("method", "GET"),
        url=url,
        headers=headers,
        body=body,
        secret=_secret(work, url, headers),
    )


def split_url(text: str, place: str) -> SplitResult:
    """The parts of an address of http or https. Raises ToolFailure, which names `place`."""
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError as error:
        raise ToolFailure("invalid_arguments", f"{place}: {error}.") from error
    if url.scheme not in PORTS:
        raise ToolFailure("invalid_arguments", f"{place}: use http:// or https://.")
    if url.username is not None or url.password is not None:
        raise ToolFailure("invalid_arguments", f"{place}: leave out user and password.")
    return url


def _headers(arguments: Mapping[str, Any]) -> dict[str, str]:
    headers = {name.lower(): value for name, value in arguments.get("headers", {}).items()}
    for name, value in headers.items():
        if name in _OWN_HEADERS:
            raise _wrong_headers(f"leave out {name}; it is set for you")
        if not _HEADER_NAME.fullmatch(name):
            raise _wrong_headers(f"{name[:100]!r} is no header name")
        if any(mark in value for mark in "\r\n\0") or not _is_latin(value):
            raise _wrong_headers(
                f"the value of {name[:100]} may have no line breaks and only Latin-1"
            )
    headers.setdefault("user-agent", "agent-platform")
    headers["accept-encoding"] = ACCEPTED
    return headers


def _secret(work: Work, url: SplitResult, headers: Mapping[str, str]) -> Secret | None:
    if "auth" not in work.arguments:
        return None
    name = work.arguments["auth"]["secret"]
    try:
        secret = work.find_secret(name)
    except NotFound as error:
        raise ToolFailure("invalid_arguments", f"arguments.auth.secret: {error.detail}") from error
    if not secret.is_for(url):
        raise ToolFailure(
            "invalid_arguments",
            f"arguments.auth.secret: {name!r} is not bound to {url.scheme}://{url.netloc}; "
            "an administrator may bind it.",
        )
    header = secret.header()
    if header is not None and header[0] in headers:
        raise _wrong_headers(f"leave out {header[0]}; the secret sets it")
    return secret


def _wrong_headers(problem: str) -> ToolFailure:
    return ToolFailure("invalid_arguments", f"arguments.headers: {problem}.")


def _is_latin(text: str) -> bool:
    return all(ord(one) < 256 for one in text)
