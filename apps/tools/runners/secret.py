"""A named secret of a tenant: where it may be sent, and how."""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Self
from urllib.parse import SplitResult, quote

SentAs = Literal["bearer", "basic", "header", "query"]

PORTS = {"http": 80, "https": 443}
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_BINDING = re.compile(
    rf"(?:(https?)://)?((?:\*\.(?:{_LABEL}\.)+|(?:{_LABEL}\.)*)[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?)"
    r"(?::(\d{1,5}))?"
)


@dataclass(frozen=True, kw_only=True)
class Binding:
    """One place that a secret may be sent to. `host` is a name, or `*.example.org` for every
    subdomain of example.org but not itself."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`api.example.org`, `*.example.org`, `api.example.org:8443`; https, unless it begins with
        `http://`. Raises ValueError."""
        found = _BINDING.fullmatch(text.strip().lower())
        scheme, host, port = found.groups() if found else (None, "", None)
        scheme = scheme or "https"
        number = int(port) if port else PORTS[scheme]
        if found is None or not 0 < number < 65536 or len(host) > 253:
            raise ValueError(f"{text[:100]!r} is no host like api.example.org or *.example.org.")
        return cls(scheme=scheme, host=host, port=number)

    def fits(self, scheme: str, host: str, port: int) -> bool:
        """Whether it is about this place; `host` in lower case."""
        if (scheme, port) != (self.scheme, self.port):
            return False
        return host.endswith(self.host[1:]) if self.host.startswith("*.") else host == self.host


@dataclass(frozen=True, kw_only=True)
class Secret:
    """`parameter` is the header or the query parameter that it is sent in; for basic, the user."""

    name: str
    value: str = field(repr=False)
    sent_as: SentAs
    parameter: str = ""
    bindings: tuple[Binding, ...]

    def is_for(self, url: SplitResult) -> bool:
        """Whether a request to `url` may carry it."""
        port = url.port or PORTS.get(url.scheme, 0)
        host = (url.hostname or "").rstrip(".")
        return any(binding.fits(url.scheme, host, port) for binding in self.bindings)

    def header(self) -> tuple[str, str] | None:
        """The header that carries it, its name in lower case; None: it goes into the query."""
        match self.sent_as:
            case "bearer":
                return "authorization", f"Bearer {self.value}"
            case "basic":
                pair = f"{self.parameter}:{self.value}".encode()
                return "authorization", f"Basic {b64encode(pair).decode()}"
            case "header":
                return self.parameter.lower(), self.value
        return None

    def sign(
        self, url: SplitResult, headers: Mapping[str, str]
    ) -> tuple[SplitResult, dict[str, str]]:
        """The request with the secret in it. For a place that it is bound to, and no other."""
        if header := self.header():
            return url, {**headers, header[0]: header[1]}
        pair = f"{quote(self.parameter, safe='')}={quote(self.value, safe='')}"
        return url._replace(query=f"{url.query}&{pair}" if url.query else pair), dict(headers)
