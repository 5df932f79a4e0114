"""The audit and the ledger are only ever added to."""

from collections.abc import Iterator

from django.core.checks import Error

from agentplatform.core.postgresql.isolation.weakness import CursorWrapper, weakness

APPEND_ONLY = ("audit_entries", "ledger_entries")

_PRIVILEGES = """
select privilege from unnest(array['update', 'delete', 'truncate']) as privilege
where case privilege when 'update' then has_any_column_privilege(%(role)s, %(table)s, 'update')
  else has_table_privilege(%(role)s, %(table)s, privilege) end
"""

# pg_trigger.tgtype: row 1, before 2, insert 4, delete 8, update 16, truncate 32.
_TRIGGER = """
select exists (select from pg_trigger where tgrelid = to_regclass(%(table)s)
  and tgfoid = to_regproc('refuse_change') and tgenabled in ('O', 'A') and tgqual is null
  and tgtype = 26 and tgattr = '')
"""


def find_changeable(
    cursor: CursorWrapper, *, application: str, admin: str | None
) -> Iterator[Error]:
    """What would let a row of them be changed or deleted."""
    for table in APPEND_ONLY:
        for role in filter(None, (application, admin)):
            cursor.execute(_PRIVILEGES, {"role": role, "table": table})
            for (privilege,) in cursor.fetchall():
                what = f"The role {role} may {privilege} on {table}."
                yield weakness(31, what, f"revoke {privilege} on {table} from {role}, public")
        cursor.execute(_TRIGGER, {"table": table})
        if not cursor.fetchone()[0]:
            what = f"No trigger refuses to change or delete rows of {table}."
            yield weakness(32, what, f"Add row_security.append_only({table!r}) to a migration.")
