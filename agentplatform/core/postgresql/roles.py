"""The roles of the database, and their making.

| role | what it is | what it may |
|---|---|---|
| agentplatform_owner | nobody signs in as it | owns every table and function |
| agentplatform_migrator | signs in for `migrate` and becomes the owner | change the schema |
| agentplatform_app | signs in for requests and tasks | the rows of the scope's tenant |
| agentplatform_admin | signs in for admin site, recovery, commands | the rows of every tenant |

None is a superuser, none may bypass row-level security, and only the owner owns anything.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import psycopg
from psycopg import sql

OWNER_ROLE = "agentplatform_owner"
MIGRATOR_ROLE = "agentplatform_migrator"
APPLICATION_ROLE = "agentplatform_app"
ADMIN_ROLE = "agentplatform_admin"

LOGINS = {
    "DATABASE_URL": APPLICATION_ROLE,
    "ADMIN_DATABASE_URL": ADMIN_ROLE,
    "MIGRATION_DATABASE_URL": MIGRATOR_ROLE,
}
"""Each setting that holds an address, and the role that it signs in as."""


def role_urls(server_url: str, passwords: Mapping[str, str]) -> dict[str, str]:
    """The settings of LOGINS for the database of `server_url`; `passwords` are by role."""
    parts = urlsplit(server_url)
    return {
        setting: parts._replace(
            netloc=f"{role}:{quote(passwords[role], safe='')}@{parts.hostname}:{parts.port or 5432}"
        ).geturl()
        for setting, role in LOGINS.items()
    }


def make_roles(
    server_url: str, passwords: Mapping[str, str], *, may_create_databases: bool = False
) -> dict[str, str]:
    """Make what is missing of the roles, set their passwords, and hand the database's tables to
    the owner; returns their addresses as role_urls. Harmless when repeated.

    `server_url` signs in as a superuser, or as a role that may create roles and owns the database.
    """
    with psycopg.connect(server_url) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext('agentplatform roles'))")
        for role in (OWNER_ROLE, *LOGINS.values()):
            _make(connection, role, passwords.get(role), may_create_databases)
        _grant(connection, OWNER_ROLE, MIGRATOR_ROLE)
        if not _is_superuser(connection):
            _grant(connection, OWNER_ROLE, unquote(urlsplit(server_url).username or ""))
        _own(connection)
    return role_urls(server_url, passwords)


def _make(
    connection: psycopg.Connection[Any], role: str, password: str | None, may_create: bool
) -> None:
    name = sql.Identifier(role)
    found = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
    if found is None:
        connection.execute(sql.SQL("create role {} nologin").format(name))
    if password is not None:
        login = sql.SQL("alter role {} login password {}")
        connection.execute(login.format(name, sql.Literal(password)))
    if may_create and role == OWNER_ROLE:
        connection.execute(sql.SQL("alter role {} createdb").format(name))


def _grant(connection: psycopg.Connection[Any], role: str, member: str) -> None:
    statement = sql.SQL("grant {} to {}")
    connection.execute(statement.format(sql.Identifier(role), sql.Identifier(member)))


def _is_superuser(connection: psycopg.Connection[Any]) -> bool:
    answer = connection.execute("select rolsuper from pg_roles where rolname = current_user")
    row = answer.fetchone()
    return bool(row and row[0])


_NOT_OWNED = """
select format('alter %s %s owner to agentplatform_owner', what, name) from (
  select case relkind when 'S' then 'sequence' when 'v' then 'view' else 'table' end as what,
         oid::regclass::text as name, relowner as owner
  from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'S')
    and not exists (select from pg_depend where objid = pg_class.oid and deptype in ('i', 'e'))
  union all
  select 'function', oid::regprocedure::text, proowner
  from pg_proc where pronamespace = 'public'::regnamespace
    and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
) as objects where owner <> 'agentplatform_owner'::regrole
"""


def _own(connection: psycopg.Connection[Any]) -> None:
    connection.execute("revoke create on schema public from public")
    for statement in (
        "grant usage, create on schema public to agentplatform_owner",
        "grant usage on schema public to agentplatform_app, agentplatform_admin",
    ):
        connection.execute(statement)
    for (statement,) in connection.execute(_NOT_OWNED).fetchall():
        connection.execute(statement)
