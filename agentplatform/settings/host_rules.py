"""Read EGRESS_ALLOWLIST, and judge a rule whoever wrote it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

WEB_PORTS: Final = frozenset({80, 443})
MAX_METHODS: Final = 20

# The last label of a name begins with a letter, which no spelling of an address does; 0x7f is one.
HOST_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
)
_ENTRY: Final = re.compile(
    r"((?P<methods>[A-Za-z]+(\|[A-Za-z]+)*)\s+)?(?P<host>[^\s:]+)(:(?P<port>[0-9]{1,5}))?"
)
_ADDRESS: Final = re.compile(r"[0-9.]+|\[?[0-9a-f.:]*:[0-9a-f.:]*\]?")
METHODS: Final = (
    *("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY"),
    *("PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK"),
    *("ACL", "MKCALENDAR", "PURGE", "REPORT", "SEARCH"),
)
"""Those of HTTP and of WebDAV and its kin. CONNECT is none: a tunnel's requests cannot be seen."""


class BadRule(ValueError):
    """The rule can never hold; `part` is host, port or methods, the message what to change."""

    def __init__(self, part: str, detail: str) -> None:
        super().__init__(detail)
        self.part = part


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One entry of an allowlist. `host` is a name, or `*.example.org` for every subdomain of
    example.org but not itself; no port means 80 and 443; no methods means any. `is_operators`: who
    runs the platform has made it, and not a tenant."""

    host: str
    port: int | None = None
    methods: frozenset[str] = frozenset()
    is_operators: bool = False

    def names(self, host: str) -> bool:
        """Whether the rule is about `host`, given in its plain form."""
        if self.host.startswith("*."):
            return host.endswith(self.host[1:])
        return host == self.host

    def opens(self, port: int) -> bool:
        """Whether the rule is about this port."""
        return port in WEB_PORTS if self.port is None else port == self.port

    def allows(self, method: str) -> bool:
        """Whether the rule is about this method; CONNECT stands for a tunnel."""
        return not self.methods or method in self.methods

    def __str__(self) -> str:
        methods = "|".join(sorted(self.methods)) + " " if self.methods else ""
        return f"{methods}{self.host}" + ("" if self.port is None else f":{self.port}")


def make_rule(
    *,
    host: str,
    port: int | None = None,
    methods: Iterable[str] = (),
    is_operators: bool = False,
) -> Rule:
    """A rule in its plain form. Raises BadRule when it can never hold.

    A name without a dot is one of a private network, and so the operator's to give.
    """
    plain = host.strip().lower().removesuffix(".")
    name = plain.removeprefix("*.")
    is_whole = "." in name or (is_operators and _is_short(plain))
    if name.rpartition(".")[2] == "localhost":
        what = f"{host[:100]!r} is the platform's own machine, which no tool call reaches."
        raise BadRule("host", what)
    if not HOST_NAME.fullmatch(name) or not is_whole:
        what = f"{host[:100]!r} is no host name; write api.example.org or *.example.org."
        if _ADDRESS.fullmatch(name):
            what = f"{host[:100]!r} is an address; give the host a name, and write that."
        raise BadRule("host", what)
    if port is not None and not 0 < port < 65536:
        raise BadRule("port", f"{port} is no port; use 1 to 65535.")
    wanted = frozenset(method.strip().upper() for method in methods)
    if unfit := sorted(wanted.difference(METHODS)):
        raise BadRule(
            "methods",
            f"{unfit[0][:100]!r} is no method that a rule can name; use {', '.join(METHODS)}, or "
            "none for any.",
        )
    if len(wanted) > MAX_METHODS:
        raise BadRule("methods", f"Name up to {MAX_METHODS} methods, or none for any.")
    return Rule(host=plain, port=port, methods=wanted, is_operators=is_operators)


def _is_short(host: str) -> bool:
    """Whether a host without a dot is a name, and no method that lost its host."""
    return not host.startswith("*.") and host.upper() not in METHODS


@lru_cache(maxsize=8)
def parse_rules(allowlist: str) -> tuple[Rule, ...]:
    """The operator's rules: a comma-separated list of `[METHOD|METHOD ]host[:port]`. Raises
    BadRule, naming the entry."""
    entries = (entry.strip() for entry in allowlist.split(","))
    return tuple(_parse_entry(entry) for entry in entries if entry)


def _parse_entry(entry: str) -> Rule:
    parts = _ENTRY.fullmatch(entry)
    if parts is None:
        what = f"The entry {entry[:100]!r} is not of the form GET|HEAD api.example.org:8443."
        raise BadRule("host", what)
    methods = parts["methods"].split("|") if parts["methods"] else []
    port = int(parts["port"]) if parts["port"] else None
    try:
        return make_rule(host=parts["host"], port=port, methods=methods, is_operators=True)
    except BadRule as error:
        raise BadRule(error.part, f"The entry {entry[:100]!r}: {error}") from error
