"""What is left of a tenant's money, what was used, and who changed what."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from agentplatform.core.transactions import scope_connection
from apps.tenants.contracts import AccountRoom, AuditFilter, BudgetUse, Caps, Unit
from apps.tenants.models import Account, AuditEntry, Tenant

AUDIT_FIELDS = (
    "id", "at", "tenant_id", "actor_kind", "actor_id", "actor_name", "action", "target_kind",
    "target_id", "before", "after", "address", "trace_id",
)  # fmt: skip
"""What is shown of an audit entry, wherever it is shown."""


def period_of(at: datetime) -> date:
    """The month that `at` is booked in: its first day, in UTC."""
    return at.date().replace(day=1)


SPENDING = """
with recursive spending as (
  (select * from accounts where tenant_id = %(tenant_id)s and period = %(period)s
     and kind = 'tenant' and owner_id = %(tenant_id)s
   union all
   select * from accounts where tenant_id = %(tenant_id)s and period is null
     and kind = 'run' and owner_id = %(run_id)s)
  union
  select parent.* from spending
  join accounts parent on parent.tenant_id = %(tenant_id)s and parent.period is null
    and parent.kind = 'run' and parent.owner_id = spending.parent_owner_id
)
select id, kind, unit, hard_limit, posted, reserved from spending order by id
"""
"""The accounts that a call is booked on, as far as they are open: the tenant's month, the run, and
the runs that it works for. Its parameters are those of spending_arguments."""


def spending_arguments(*, tenant_id: UUID, run_id: UUID | None, at: datetime) -> dict[str, Any]:
    """The parameters of SPENDING for a call made at `at`."""
    return {"tenant_id": tenant_id, "run_id": run_id, "period": period_of(at)}


def room_of(row: Mapping[str, Any]) -> AccountRoom:
    """A row of SPENDING as it crosses the app's border."""
    limit = row["hard_limit"]
    return AccountRoom(
        account_id=row["id"],
        kind=row["kind"],
        unit=row["unit"],
        hard_limit=limit,
        room=None if limit is None else max(0, limit - row["posted"] - row["reserved"]),
    )


def account_rooms(*, tenant_id: UUID, run_id: UUID | None, at: datetime) -> tuple[AccountRoom, ...]:
    """The accounts that a call made at `at` is booked on, as far as they are open."""
    with scope_connection().cursor() as cursor:
        cursor.execute(SPENDING, spending_arguments(tenant_id=tenant_id, run_id=run_id, at=at))
        names = [column.name for column in cursor.description]
        return tuple(room_of(dict(zip(names, row, strict=True))) for row in cursor.fetchall())


def budget_use(*, tenant_id: UUID, at: datetime) -> BudgetUse:
    """The tenant's month so far; zeros before its first call."""
    rows = Account.objects.filter(
        tenant_id=tenant_id, kind=Account.Kind.TENANT, period=period_of(at)
    )
    by_unit = {row.unit: row for row in rows}
    tokens, nanos = by_unit.get(Account.Unit.TOKENS), by_unit.get(Account.Unit.NANOS)
    tenant = Tenant.objects.filter(id=tenant_id).first()
    return BudgetUse(
        tokens_used=tokens.posted if tokens else 0,
        tokens_reserved=tokens.reserved if tokens else 0,
        token_limit=tenant.token_budget_monthly if tenant else None,
        cost_nanos=nanos.posted if nanos else 0,
        cost_reserved_nanos=nanos.reserved if nanos else 0,
        cost_limit_nanos=tenant.usd_budget_monthly_nanos if tenant else None,
    )


def with_budget_use(tenants: QuerySet[Tenant], *, at: datetime) -> QuerySet[Tenant]:
    """Each tenant with its month so far: tokens_used, tokens_reserved, nanos_used and
    nanos_reserved, in the one query."""
    month = Account.objects.filter(
        tenant=OuterRef("pk"),
        kind=Account.Kind.TENANT,
        owner_id=OuterRef("pk"),
        period=period_of(at),
    )

    def amount(unit: Unit, column: str) -> Coalesce:
        found = Subquery(month.filter(unit=unit).values(column))
        return Coalesce(found, Value(0), output_field=BigIntegerField())

    return tenants.annotate(
        tokens_used=amount("tokens", "posted"),
        tokens_reserved=amount("tokens", "reserved"),
        nanos_used=amount("nanos", "posted"),
        nanos_reserved=amount("nanos", "reserved"),
    )


def caps_of_active(tenant_ids: Iterable[UUID]) -> dict[UUID, Caps]:
    """The caps of those of the tenants that are active."""
    rows = Tenant.objects.filter(id__in=list(tenant_ids), status=Tenant.Status.ACTIVE)
    return {
        row.id: Caps(runs=row.max_runs_in_flight, calls=row.max_calls_in_flight) for row in rows
    }


def audit_entries(*, tenant_id: UUID | None, wanted: AuditFilter) -> QuerySet[AuditEntry]:
    """The entries that are wanted of a tenant; None: of every tenant and of the platform."""
    entries = AuditEntry.objects.all()
    if tenant_id is not None:
        entries = entries.filter(tenant_id=tenant_id)
    for name in ("action", "actor_id", "target_id"):
        if (value := getattr(wanted, name)) is not None:
            entries = entries.filter(**{name: value})
    if wanted.since is not None:
        entries = entries.filter(at__gte=wanted.since)
    if wanted.until is not None:
        entries = entries.filter(at__lt=wanted.until)
    return entries
