"""The cookies of one call: kept between its requests, and forgotten with it."""

from http.client import HTTPResponse
from http.cookiejar import CookieJar
from urllib.request import Request


class Cookies:
    """Sent only where the server that set them allows (RFC 6265)."""

    def __init__(self) -> None:
        self._jar = CookieJar()

    def header(self, url: str) -> str:
        """The Cookie header for a request to `url`; empty: none."""
        request = Request(url)  # noqa: S310  a value, nothing is opened
        self._jar.add_cookie_header(request)
        return request.get_header("Cookie") or ""

    def keep(self, url: str, response: HTTPResponse) -> None:
        """Remember what a response to `url` sets."""
        self._jar.extract_cookies(response, Request(url))  # noqa: S310
