"""Which hosts a call may reach."""

from collections.abc import Iterable

from agentplatform.settings.host_rules import (
    HOST_NAME,
    WEB_PORTS,
    BadRule,
    Rule,
    make_rule,
    parse_rules,
)
from apps.tools.egress.errors import EgressRefused

__all__ = [
    "WEB_PORTS",
    "BadRule",
    "Rule",
    "check_host",
    "check_target",
    "make_rule",
    "parse_rules",
]


def check_host(host: str, rules: Iterable[Rule]) -> str:
    """The host in its plain form. Raises EgressRefused unless a rule names it.

    Addresses in place of names are refused in every spelling: a name's last label begins with a
    letter.
    """
    plain = host.lower().removesuffix(".")
    if not HOST_NAME.fullmatch(plain):
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
