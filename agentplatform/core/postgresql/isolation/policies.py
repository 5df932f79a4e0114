"""The two policies of a tenant's table, exactly as row_security.protect makes them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.checks import Error

from agentplatform.core.postgresql.isolation.weakness import CursorWrapper, weakness
from agentplatform.core.postgresql.roles import ADMIN_ROLE, OWNER_ROLE
from agentplatform.core.postgresql.row_security import EVERY_ROW, OWN_ROWS, SCOPE

_POLICIES = """
select polname, polpermissive, polcmd = '*', array(
    select coalesce(rolname, 'public') from unnest(polroles) as id left join pg_roles on oid = id),
  pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
from pg_policy where polrelid = to_regclass(%(table)s)
"""


@dataclass(frozen=True)
class Policy:
    """`using` and `with_check` are normalised: see plain."""

    name: str
    roles: frozenset[str]
    using: str
    with_check: str
    is_permissive: bool = True
    is_for_all: bool = True


def find_wrong_policies(cursor: CursorWrapper, table: str, column: str) -> Iterator[Error]:
    """Policies of `table` that are missing, different, or too many."""
    cursor.execute(_POLICIES, {"table": table})
    found = {
        name: Policy(
            name, frozenset(roles), plain(using), plain(with_check), is_permissive, is_for_all
        )
        for name, is_permissive, is_for_all, roles, using, with_check in cursor.fetchall()
    }
    wanted = {policy.name: policy for policy in policies_of(column)}
    change = f"Make it anew with row_security.protect({table!r})."
    for name in wanted.keys() - found.keys():
        yield weakness(15, f"The table {table} lacks the policy {name}.", change)
    for name in found.keys() - wanted.keys():
        what = f"The table {table} has a policy {name}, which may open it further."
        yield weakness(15, what, f"drop policy {name} on {table}")
    for name in wanted.keys() & found.keys():
        if found[name] != wanted[name]:
            parts = ", ".join(_differences(found[name], wanted[name]))
            what = f"The policy {name} of {table} differs from what protects it: {parts}."
            yield weakness(15, what, change)


def policies_of(column: str) -> tuple[Policy, Policy]:
    """The policies of a table whose tenant is in `column`."""
    own = plain(f"{column} = {SCOPE}")
    return (
        Policy(OWN_ROWS, frozenset({"public"}), own, own),
        Policy(EVERY_ROW, frozenset({ADMIN_ROLE, OWNER_ROLE}), "true", "true"),
    )


def plain(expression: str | None) -> str:
    """An expression without what PostgreSQL's releases write differently: spaces, brackets, casts
    of texts and the name of the column that a sub-select has."""
    return re.sub(r'::text|\bas "?nullif"?|[\s()]', "", (expression or "").lower())


def _differences(found: Policy, wanted: Policy) -> Iterator[str]:
    for name in ("is_permissive", "is_for_all", "roles", "using", "with_check"):
        if getattr(found, name) != getattr(wanted, name):
            yield name.upper().replace("_", " ")
