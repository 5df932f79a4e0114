"""A foreign key is checked without row-level security: it must name the tenant itself."""

from collections.abc import Iterator

from django.core.checks import Error

from agentplatform.core.postgresql.isolation.weakness import CursorWrapper, weakness

_REFERENCES = """
with owned as (
  select c.oid, a.attnum from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and not a.attisdropped
    and a.attname = case c.relname when 'tenants' then 'id' else 'tenant_id' end
  where c.relkind in ('r', 'p') and n.nspname !~ '^pg_'
)
select conname, conrelid::regclass::text, confrelid::regclass::text from pg_constraint
join owned here on here.oid = conrelid join owned there on there.oid = confrelid
where contype = 'f' and not exists (
  select from unnest(conkey, confkey) as pair(one, other)
  where one = here.attnum and other = there.attnum)
order by 2, 1
"""


def find_foreign_references(cursor: CursorWrapper) -> Iterator[Error]:
    """Foreign keys by which a row of one tenant may refer to a row of another."""
    cursor.execute(_REFERENCES)
    for name, table, target in cursor.fetchall():
        yield weakness(
            21,
            f"The foreign key {name} of {table} leads to {target} of any tenant.",
            "Use db_constraint=False and row_security.refer.",
        )
