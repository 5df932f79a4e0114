"""Which hosts a call may reach."""

import re

from apps.tools.runners.work import ToolFailure

_HOST = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
)


def check_host(host: str, allowlist: str) -> str:
    """The host in its plain form. Raises ToolFailure unless `allowlist` names it.

    `allowlist` is a comma-separated list of hosts; `*.example.org` allows every subdomain, not
    example.org itself. Addresses in place of names are refused in every spelling: a name's last
    label begins with a letter.
    """
    plain = host.lower().rstrip(".")
    if not _HOST.fullmatch(plain):
        raise _refusal(f"{host[:100]!r} is no host name; addresses are not allowed")
    entries = [entry.strip().lower() for entry in allowlist.split(",") if entry.strip()]
    if not any(_matches(plain, entry) for entry in entries):
        raise _refusal(f"{plain} is not on the allowlist; an operator may add it")
    return plain


def _matches(host: str, entry: str) -> bool:
    if entry.startswith("*."):
        return host.endswith(entry[1:])
    return host == entry


def _refusal(reason: str) -> ToolFailure:
    return ToolFailure("egress_refused", f"The address is refused: {reason}.")
