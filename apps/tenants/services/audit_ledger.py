"""Hold accounts, reservations and the ledger against each other."""

from collections.abc import Collection, Iterator
from typing import Any, Final
from uuid import UUID

from agentplatform.core.transactions import scope_connection
from apps.tenants.contracts import Charge, WrongAccount

BATCH = 2000

_ACCOUNTS: Final = """
with charged as (
  select account_id, sum(tokens) as tokens, sum(cost_nanos) as nanos
  from ledger_entries, unnest(account_ids) as account_id
  where %(tenant)s::uuid is null or tenant_id = %(tenant)s
  group by account_id
), held as (
  select line.account_id, sum(line.amount) as amount
  from reservations, unnest(account_ids, amounts) as line(account_id, amount)
  where %(tenant)s::uuid is null or tenant_id = %(tenant)s
  group by line.account_id
), compared as (
  select t.slug, a.id, a.kind, a.owner_id, a.unit, a.period, a.posted,
    coalesce(case a.unit when 'tokens' then c.tokens else c.nanos end, 0)::bigint as ledger,
    a.reserved, coalesce(h.amount, 0)::bigint as held
  from accounts a join tenants t on t.id = a.tenant_id
  left join charged c on c.account_id = a.id
  left join held h on h.account_id = a.id
  where %(tenant)s::uuid is null or a.tenant_id = %(tenant)s
)
select slug, kind, owner_id, unit, period, posted, ledger, reserved, held
from compared where posted <> ledger or reserved <> held order by id
"""
_CHARGES: Final = """
select attempt_id, (array_agg(tenant_id))[1], (array_agg(call_id))[1],
  sum(tokens)::bigint,
  case when count(cost_nanos) = count(*) then sum(cost_nanos)::bigint end,
  bool_or(is_confirmed), min(created_at)
from ledger_entries where {} group by attempt_id
"""


def find_wrong_accounts(*, tenant_id: UUID | None) -> list[WrongAccount]:
    """The accounts of a tenant (None: of all) whose posted amount is not the sum of their ledger
    entries, or whose reserved amount is not that of their reservations. One look at one moment."""
    rows = _ask(_ACCOUNTS, {"tenant": tenant_id})
    names = ("tenant", "kind", "owner_id", "unit", "period", "posted", "ledger", "reserved", "held")
    return [WrongAccount(**dict(zip(names, row, strict=True))) for row in rows]


def charges_of(attempt_ids: Collection[UUID]) -> dict[UUID, Charge]:
    """What the ledger says of these attempts, corrections included; without an entry, nothing."""
    sql = _CHARGES.format("attempt_id = any(%(attempts)s)")
    rows = _ask(sql, {"attempts": list(attempt_ids)})
    return {row[0]: Charge(*row) for row in rows}


def every_charge(*, tenant_id: UUID | None) -> Iterator[list[Charge]]:
    """Those of a tenant (None: of all) in batches, oldest first."""
    after = 0
    while True:
        rows = _ask(
            "select id, attempt_id from ledger_entries where kind = 'settlement' and id > %(after)s"
            " and (%(tenant)s::uuid is null or tenant_id = %(tenant)s) order by id limit %(batch)s",
            {"after": after, "tenant": tenant_id, "batch": BATCH},
        )
        if not rows:
            return
        after = rows[-1][0]
        yield list(charges_of([row[1] for row in rows]).values())


def unconfirmed_charges(*, tenant_id: UUID | None) -> list[Charge]:
    """Those whose real amount nobody knows yet, oldest first."""
    rows = _ask(
        "select attempt_id from ledger_entries where kind = 'settlement' and not is_confirmed"
        " and (%(tenant)s::uuid is null or tenant_id = %(tenant)s)",
        {"tenant": tenant_id},
    )
    found = charges_of([row[0] for row in rows]).values()
    return sorted((one for one in found if not one.is_confirmed), key=lambda one: one.at)


def _ask(sql: str, arguments: dict[str, Any]) -> list[tuple[Any, ...]]:
    with scope_connection().cursor() as cursor:
        cursor.execute(sql, arguments)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
