"""Every table is a tenant's and protected, or the platform's and out of the application's reach."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.checks import CheckMessage, Error, Warning

from agentplatform.core.postgresql.isolation.policies import find_wrong_policies
from agentplatform.core.postgresql.isolation.weakness import CursorWrapper, weakness

PLATFORM_TABLES = frozenset(
    {
        "auth_group",
        "auth_group_permissions",
        "auth_permission",
        "django_admin_log",
        "django_celery_results_chordcounter",
        "django_celery_results_groupresult",
        "django_celery_results_taskresult",
        "django_content_type",
        "django_migrations",
        "django_session",
        "model_prices",
        "tool_defaults",
        "users_groups",
        "users_user_permissions",
    }
)
"""The tables that belong to no tenant."""
READABLE = {name: {"select"} for name in ("django_migrations", "model_prices", "tool_defaults")}
"""What the application's role may do with them."""
UNGUARDED = {"truncate", "references", "trigger"}
"""Privileges that no policy holds."""

_TABLES = """
select c.oid::regclass::text, c.relkind,
  (select attname from pg_attribute where attrelid = c.oid and not attisdropped
    and attname = case c.relname when 'tenants' then 'id' else 'tenant_id' end),
  c.relrowsecurity, c.relforcerowsecurity, array(
    select privilege from unnest(array[
      'select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as privilege
    where case when privilege in ('select', 'insert', 'update', 'references')
      then has_any_column_privilege(%(role)s, c.oid, privilege)
      else has_table_privilege(%(role)s, c.oid, privilege) end)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm', 'f') and n.nspname !~ '^pg_'
  and n.nspname <> 'information_schema'
  and not exists (select from pg_depend where objid = c.oid and deptype = 'e')
order by 1
"""


@dataclass(frozen=True)
class Table:
    """`tenant_column` None: no row of it belongs to a tenant. `privileges` are one role's."""

    name: str
    kind: str
    tenant_column: str | None
    is_secured: bool
    is_forced: bool
    privileges: list[str]

    @property
    def can_be_secured(self) -> bool:
        return self.kind in ("r", "p")


def find_weak_tables(
    cursor: CursorWrapper, *, application: str, admin: str | None
) -> Iterator[CheckMessage]:
    """Tables that row-level security does not hold as it should."""
    for table in _tables(cursor, application):
        if table.tenant_column is None:
            yield from _find_reach(table, application)
        else:
            yield from _find_unprotected(cursor, table)
            yield from _find_unguarded(table, application)
    for table in _tables(cursor, admin) if admin else ():
        yield from _find_unguarded(table, admin or "")


def _tables(cursor: CursorWrapper, role: str) -> list[Table]:
    cursor.execute(_TABLES, {"role": role})
    return [Table(*row) for row in cursor.fetchall()]


def _find_reach(table: Table, role: str) -> Iterator[CheckMessage]:
    """A table without a tenant is the platform's: no business of the application's role."""
    is_known = table.name in PLATFORM_TABLES
    change = (
        f"Give {table.name} a tenant_id and row_security.protect, or list it in PLATFORM_TABLES"
        " and keep the application from it."
    )
    reach = set(table.privileges) - READABLE.get(table.name, set())
    if reach:
        what = f"The role {role} may {', '.join(sorted(reach))} on {table.name}, of no tenant."
        yield weakness(11, what, change if not is_known else f"revoke it from {role}, public")
    elif not is_known:  # a newer release may have made it: no reason to refuse the start
        yield Warning(f"The table {table.name} has no policy.", hint=change, id="tenancy.W001")


def _find_unprotected(cursor: CursorWrapper, table: Table) -> Iterator[Error]:
    change = f"Add row_security.protect({table.name!r}) to a migration."
    if not table.can_be_secured:
        if table.privileges:
            change = "Use a view with security_invoker, or revoke every privilege."
            yield weakness(12, f"No policy can hold for {table.name}.", change)
        return
    if not table.is_secured:
        yield weakness(13, f"Row-level security of {table.name} is not enabled.", change)
    if not table.is_forced:
        yield weakness(14, f"Row-level security of {table.name} is not forced.", change)
    yield from find_wrong_policies(cursor, table.name, table.tenant_column or "")


def _find_unguarded(table: Table, role: str) -> Iterator[Error]:
    unguarded = UNGUARDED & set(table.privileges)
    if table.tenant_column and unguarded:
        names = ", ".join(sorted(unguarded))
        what = f"The role {role} may {names} on {table.name}, which no policy holds."
        yield weakness(16, what, f"revoke {names} on {table.name} from {role}, public")
