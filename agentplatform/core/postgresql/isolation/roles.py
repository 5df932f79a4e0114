"""A role that requests or tasks sign in as must be no more than what it was granted."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import Error

from agentplatform.core.postgresql.base import SETTING
from agentplatform.core.postgresql.isolation.weakness import CursorWrapper, weakness
from agentplatform.core.postgresql.roles import ADMIN_ROLE, MIGRATOR_ROLE, OWNER_ROLE

_POWERS = """
select power from pg_roles, unnest(array[
  case when rolsuper then 'SUPERUSER' end,
  case when rolbypassrls then 'BYPASSRLS' end,
  case when rolcreaterole then 'CREATEROLE' end,
  case when rolreplication then 'REPLICATION' end]) as power
where rolname = %(role)s and power is not null
"""

_OWNED = """
select pg_describe_object(classid, objid, objsubid) from pg_shdepend
where refclassid = 'pg_authid'::regclass and deptype = 'o'
  and refobjid = (select oid from pg_roles where rolname = %(role)s)
  and dbid in (0, (select oid from pg_database where datname = current_database()))
order by 1 limit 10
"""

_MEMBERSHIPS = """
select other.rolname from pg_roles me, pg_roles other
where me.rolname = %(role)s and not me.rolsuper and other.oid <> me.oid
  and pg_has_role(me.oid, other.oid, 'member')
  and (other.rolsuper or other.rolbypassrls or other.rolcreaterole or other.rolreplication
       or other.rolname = any(%(ours)s) or other.rolname like 'pg\\_%%'
       or exists (select from pg_shdepend where refclassid = 'pg_authid'::regclass
         and refobjid = other.oid and deptype = 'o'
         and dbid in (0, (select oid from pg_database where datname = current_database()))))
order by 1
"""

_CREATES = """
select nspname from pg_namespace
where nspname !~ '^pg_' and nspname <> 'information_schema'
  and has_schema_privilege(%(role)s, oid, 'create')
order by 1
"""

_SETTINGS = """
select setting from pg_db_role_setting, unnest(setconfig) as setting
where setting like %(setting)s
  and setdatabase in (0, (select oid from pg_database where datname = current_database()))
  and setrole in (0, (select oid from pg_roles where rolname = %(role)s))
"""


def find_strong_role(cursor: CursorWrapper, role: str) -> Iterator[Error]:
    """What lets `role` go around row-level security."""
    arguments: dict[str, Any] = {
        "role": role,
        "ours": [OWNER_ROLE, MIGRATOR_ROLE, ADMIN_ROLE],
        "setting": f"{SETTING}=%",
    }

    def ask(query: str) -> list[str]:
        cursor.execute(query, arguments)
        return [str(row[0]) for row in cursor.fetchall()]

    for power in ask(_POWERS):
        yield weakness(1, f"The role {role} has {power}.", f"alter role {role} no{power.lower()}")
    for owned in ask(_OWNED):
        change = f"Give it to {OWNER_ROLE}; `manage.py create_roles` does."
        yield weakness(2, f"The role {role} owns {owned}.", change)
    for other in ask(_MEMBERSHIPS):
        change = f"revoke {other} from {role}"
        yield weakness(3, f"The role {role} is a member of the role {other}.", change)
    for schema in ask(_CREATES):
        change = f"revoke create on schema {schema} from {role}, public"
        yield weakness(4, f"The role {role} may create objects in the schema {schema}.", change)
    for setting in ask(_SETTINGS):
        change = f"Reset {SETTING} with alter role or alter database: only a scope sets it."
        yield weakness(5, f"A session of the role {role} begins with {setting}.", change)
