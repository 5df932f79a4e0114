"""Where a request line wants to go, read strictly."""

import re
from dataclasses import dataclass

from apps.tools.egress.errors import EgressRefused

_AUTHORITY = re.compile(r"(?P<host>\[[^\]@/?#]*\]|[^:\[\]@/?#]*)(:(?P<port>[0-9]{1,5}))?")
_HTTP = re.compile(r"http://(?P<authority>[^/?#]*)(?P<path>[^#]*)", re.IGNORECASE)


class BadTarget(EgressRefused):
    """The request line cannot be served here; the message says how to write it."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """`host` as written, still to be checked; `path` with its query."""

    host: str
    port: int
    path: str = ""


def tunnel_target(target: str) -> Target:
    """The `host:port` of CONNECT. Raises BadTarget, EgressRefused."""
    host, port = _split(target)
    if port is None:
        raise BadTarget("Write CONNECT host:port.")
    return Target(host=host, port=port)


def proxied_target(target: str) -> Target:
    """The `http://host/path` of a request to a proxy. Raises BadTarget, EgressRefused."""
    parts = _HTTP.fullmatch(target)
    if parts is None:
        raise BadTarget("Write the whole address, http://host/path; use CONNECT for https.")
    return _http_target(parts["authority"], parts["path"])


def direct_target(target: str, host: str) -> Target:
    """Path and Host header of a request that was meant for the host itself. Raises BadTarget,
    EgressRefused."""
    if not target.startswith("/"):
        return proxied_target(target)
    return _http_target(host, target)


def _http_target(authority: str, path: str) -> Target:
    host, port = _split(authority)
    path = path if path.startswith("/") else f"/{path}"
    return Target(host=host, port=80 if port is None else port, path=path)


def _split(authority: str) -> tuple[str, int | None]:
    if "@" in authority:
        raise EgressRefused("The address is refused: leave out user and password.")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise EgressRefused(f"The address is refused: {authority[:100]!r} is no host and port.")
    port = parts["port"]
    if port is not None and not 0 < int(port) < 65536:
        raise BadTarget(f"{port} is no port; use 1 to 65535.")
    return parts["host"], None if port is None else int(port)
