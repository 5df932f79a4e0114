"""Which hosts a call may reach."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from apps.tools.egress.errors import EgressRefused

WEB_PORTS = frozenset({80, 443})

# The last label of a name begins with a letter, which no spelling of an address does; 0x7f is one.
_NAME = r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(_NAME)
_ENTRY = re.compile(
    r"((?P<methods>[A-Za-z]+(\|[A-Za-z]+)*)\s+)?(?P<host>[^\s:]+)(:(?P<port>[0-9]{1,5}))?"
)
_METHOD = re.compile(r"[A-Z]{1,20}")


class BadRule(ValueError):
    """The rule can never hold; the message says what to change."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One entry of an allowlist. `host` is a name, or `*.example.org` for every subdomain of
    example.org but not itself; no port means 80 and 443; no methods means any."""

    host: str
    port: int | None = None
    methods: frozenset[str] = frozenset()

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


def make_rule(*, host: str, port: int | None = None, methods: Iterable[str] = ()) -> Rule:
    """A rule in its plain form. Raises BadRule when it can never hold."""
    plain = host.strip().lower().rstrip(".")
    name = plain.removeprefix("*.")
    if not _HOST.fullmatch(name) or "." not in name:
        raise BadRule(f"{host[:100]!r} is no host name; write api.example.org or *.example.org.")
    if port is not None and not 0 < port < 65536:
        raise BadRule(f"{port} is no port; use 1 to 65535.")
    wanted = frozenset(method.upper() for method in methods)
    if unfit := sorted(method for method in wanted if not _METHOD.fullmatch(method)):
        raise BadRule(f"{unfit[0][:100]!r} is no HTTP method.")
    return Rule(host=plain, port=port, methods=wanted)


@lru_cache(maxsize=8)
def parse_rules(allowlist: str) -> tuple[Rule, ...]:
    """The rules of a comma-separated list of `[METHOD|METHOD ]host[:port]`. Raises BadRule, naming
    the entry."""
    entries = (entry.strip() for entry in allowlist.split(","))
    return tuple(_parse_entry(entry) for entry in entries if entry)


def _parse_entry(entry: str) -> Rule:
    parts = _ENTRY.fullmatch(entry)
    if parts is None:
        raise BadRule(
            f"The entry {entry[:100]!r} is not of the form GET|HEAD api.example.org:8443."
        )
    methods = parts["methods"].split("|") if parts["methods"] else []
    port = int(parts["port"]) if parts["port"] else None
    try:
        return make_rule(host=parts["host"], port=port, methods=methods)
    except BadRule as error:
        raise BadRule(f"The entry {entry[:100]!r}: {error}") from error


def check_host(host: str, rules: Iterable[Rule]) -> str:
    """The host in its plain form. Raises EgressRefused unless a rule names it.

    Addresses in place of names are refused in every spelling: a name's last label begins with a
    letter.
    """
    plain = host.lower().removesuffix(".")
    if not _HOST.fullmatch(plain):
        raise EgressRefused(
            f"The address is refused: {host[:100]!r} is no host name; addresses are not allowed."
        )
    if not any(rule.names(plain) for rule in rules):
        raise EgressRefused(
            f"The address is refused: {plain} is not on the allowlist; a rule for it may be added."
        )
    return plain


def check_target(*, method: str, host: str, port: int, rules: Iterable[Rule]) -> str:
    """The host in its plain form. Raises EgressRefused unless one rule allows the method on this
    host and port. A tunnel, whose requests cannot be seen, has the method CONNECT."""
    held = tuple(rules)
    plain = check_host(host, held)
    open_here = [rule for rule in held if rule.names(plain) and rule.opens(port)]
    if not open_here:
        raise EgressRefused(
            f"The address is refused: port {port} of {plain} is not on the allowlist."
        )
    if any(rule.allows(method) for rule in open_here):
        return plain
    if method == "CONNECT":
        raise EgressRefused(
            f"The tunnel is refused: the allowlist names methods for {plain}, and those inside a "
            "tunnel cannot be seen; use the http tool."
        )
    raise EgressRefused(f"The method is refused: {method[:20]} is not allowed on {plain}.")
