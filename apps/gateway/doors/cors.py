"""Pages of other origins that may call the door from a browser. They send a key, never cookies."""

from typing import Final

from django.conf import settings

from apps.gateway.doors.exchange import Exchange, Headers

_PREFLIGHT: Final = b"access-control-request-method"


def origin_headers(exchange: Exchange) -> Headers:
    """What lets the page that sends the request read its answer; nothing where its origin is not
    one that the operator has named, or where no page sends it."""
    allowed: list[str] = settings.CORS_ALLOWED_ORIGINS
    origin = exchange.header(b"origin") if allowed else ""
    if origin not in allowed:
        return []
    return [
        (b"access-control-allow-origin", origin.encode()),
        (b"access-control-expose-headers", b"*"),
        (b"vary", b"origin"),
    ]


def is_preflight(exchange: Exchange) -> bool:
    """Whether a browser asks what a page may send, before it sends it."""
    return exchange.method == "OPTIONS" and bool(exchange.header(_PREFLIGHT))


def preflight_headers(exchange: Exchange, *, method: str) -> Headers:
    """That it may call this address by this method, with what headers it likes: clients add many of
    their own."""
    wanted = exchange.header(b"access-control-request-headers")
    return [
        (b"access-control-allow-methods", method.encode()),
        (b"access-control-allow-headers", wanted.encode("latin-1")),
        (b"access-control-max-age", b"86400"),
    ]
