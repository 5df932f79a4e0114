"""How much waits, by tenant, without reading all that waits."""

from uuid import UUID

from agentplatform.core.transactions import scope_connection

_COUNT = """
with recursive found as (
  (select tenant_id from {table} where {where} order by tenant_id limit 1)
  union all
  select (select tenant_id from {table} where {where} and tenant_id > found.tenant_id
          order by tenant_id limit 1)
  from found where found.tenant_id is not null
)
select tenant_id, (select count(*) from (
  select 1 from {table} where {where} and tenant_id = found.tenant_id limit %s) as first)
from found where tenant_id is not null
"""


def count_backlog(table: str, *, where: str, limit: int) -> dict[UUID, int]:
    """For each tenant with rows of `table` that fulfil `where`, how many, at most `limit`.

    It jumps from tenant to tenant by an index that begins with the tenant and has the condition
    `where`; both are names and SQL of ours.
    """
    statement = _COUNT.format(table=table, where=where)
    with scope_connection().cursor() as cursor:
        cursor.execute(statement, [limit])
        return dict(cursor.fetchall())
