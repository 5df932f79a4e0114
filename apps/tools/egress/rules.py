"""Which hosts a call may reach."""

from collections.abc import Iterable
from dataclasses import dataclass

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
    "Admitted",
    "BadRule",
    "Rule",
    "check_host",
    "check_target",
    "make_rule",
    "overriding_methods",
    "parse_rules",
]

_METHOD_OVERRIDES = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """A host in its plain form that the rules allow. `is_operators`: one that the operator has made
    does."""

    host: str
    is_operators: bool


def overriding_methods(headers: Iterable[tuple[str, str]]) -> list[str]:
    """The methods that some hosts take in place of a request's own; names are in lower case."""
    return [value.strip().upper() for name, value in headers if name in _METHOD_OVERRIDES]


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


def check_target(*, method: str, host: str, port: int, rules: Iterable[Rule]) -> Admitted:
    """Raises EgressRefused unless one rule allows the method on this host and port. A tunnel, whose
    requests cannot be seen, has the method CONNECT."""
    held = tuple(rules)
    plain = check_host(host, held)
    open_here = [rule for rule in held if rule.names(plain) and rule.opens(port)]
    if not open_here:
        raise EgressRefused(
            f"The address is refused: port {port} of {plain} is not on the allowlist."
        )
    if fitting := [rule for rule in open_here if rule.allows(method)]:
        return Admitted(host=plain, is_operators=any(rule.is_operators for rule in fitting))
    if method == "CONNECT":
        raise EgressRefused(
            f"The tunnel is refused: the allowlist names methods for {plain}, and those inside a "
            "tunnel cannot be seen; use the http tool."
        )
    raise EgressRefused(f"The method is refused: {method[:20]} is not allowed on {plain}.")
