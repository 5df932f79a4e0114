"""Which hosts a call may reach."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from apps.tools.egress.errors import EgressRefused

_HOST = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
)


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


def parse_rules(allowlist: str) -> tuple[Rule, ...]:
    """The rules of a comma-separated list of hosts."""
    entries = (entry.strip().lower() for entry in allowlist.split(","))
    return tuple(Rule(host=entry) for entry in entries if entry)


def check_host(host: str, rules: Iterable[Rule]) -> str:
    """The host in its plain form. Raises EgressRefused unless a rule names it.

    Addresses in place of names are refused in every spelling: a name's last label begins with a
    letter.
    """
    plain = host.lower().rstrip(".")
    if not _HOST.fullmatch(plain):
        raise EgressRefused(
            f"The address is refused: {host[:100]!r} is no host name; addresses are not allowed."
        )
    if not any(rule.names(plain) for rule in rules):
        raise EgressRefused(
            f"The address is refused: {plain} is not on the allowlist; an operator may add it."
        )
    return plain
