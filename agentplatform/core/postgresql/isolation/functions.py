"""Functions and views that work with the rights of whoever made them."""

from collections.abc import Iterator

from django.core.checks import Error

from agentplatform.core.postgresql.isolation.weakness import CursorWrapper, weakness
from agentplatform.core.postgresql.roles import APPLICATION_ROLE, OWNER_ROLE

_FUNCTIONS = """
select p.oid::regprocedure::text, pg_get_userbyid(proowner),
  coalesce((select setting from unnest(proconfig) as setting
    where setting like 'search\\_path=%'), ''),
  proacl is null or exists (
    select from aclexplode(proacl) where grantee = 0 and privilege_type = 'EXECUTE')
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where prosecdef and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select from pg_depend where objid = p.oid and deptype = 'e')
order by 1
"""

_VIEWS = """
select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'v' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not coalesce((select option_value::boolean from pg_options_to_table(c.reloptions)
    where option_name = 'security_invoker'), false)
  and not exists (select from pg_depend where objid = c.oid and deptype = 'e')
order by 1
"""


def find_open_functions(cursor: CursorWrapper) -> Iterator[Error]:
    """SECURITY DEFINER functions that can be misled, or called by everybody."""
    cursor.execute(_FUNCTIONS)
    for name, owner, search_path, is_public in cursor.fetchall():
        if not search_path.endswith("pg_temp"):
            change = f"alter function {name} set search_path = pg_catalog, public, pg_temp"
            yield weakness(41, f"The function {name} runs with its caller's search_path.", change)
        if is_public:
            change = (
                f"revoke execute on function {name} from public; grant it to {APPLICATION_ROLE}"
            )
            yield weakness(42, f"Everybody may call the function {name}.", change)
        if owner != OWNER_ROLE:
            change = f"alter function {name} owner to {OWNER_ROLE}"
            yield weakness(43, f"The function {name} works with the rights of {owner}.", change)


def find_open_views(cursor: CursorWrapper) -> Iterator[Error]:
    """Views that show what their owner may see."""
    cursor.execute(_VIEWS)
    for (name,) in cursor.fetchall():
        change = f"alter view {name} set (security_invoker = true)"
        yield weakness(44, f"The view {name} shows the rows of every tenant.", change)
