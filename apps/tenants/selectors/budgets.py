"""What is used of budgets, and how much is left."""

from datetime import date, datetime
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import (
    BigIntegerField,
    Case,
    DateField,
    DateTimeField,
    Func,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from apps.tenants.contracts import BudgetOwner, BudgetUse, Unit
from apps.tenants.models import Account, Budget, Tenant


def period_of(at: datetime, time_zone: str) -> date:
    """The month that `at` is booked in: its first day, in the tenant's time zone."""
    return at.astimezone(ZoneInfo(time_zone)).date().replace(day=1)


def budget_use(*, tenant_id: UUID, at: datetime) -> BudgetUse:
    """The tenant's month so far; zeros before its first call."""
    tenant = Tenant.objects.filter(id=tenant_id).first()
    if tenant is None:
        return BudgetUse()
    rows = Account.objects.filter(
        tenant_id=tenant_id, kind=Account.Kind.TENANT, period=period_of(at, tenant.time_zone)
    )
    by_unit = {row.unit: row for row in rows}
    tokens, nanos = by_unit.get(Account.Unit.TOKENS), by_unit.get(Account.Unit.NANOS)
    return BudgetUse(
        tokens_used=tokens.posted if tokens else 0,
        tokens_reserved=tokens.reserved if tokens else 0,
        token_limit=tenant.token_budget_monthly,
        cost_nanos=nanos.posted if nanos else 0,
        cost_reserved_nanos=nanos.reserved if nanos else 0,
        cost_limit_nanos=tenant.usd_budget_monthly_nanos,
    )


def with_budget_use(tenants: QuerySet[Tenant], *, at: datetime) -> QuerySet[Tenant]:
    """Each tenant with its month so far: tokens_used, tokens_reserved, nanos_used and
    nanos_reserved, in the one query."""
    month = Account.objects.filter(
        tenant=OuterRef("pk"),
        kind=Account.Kind.TENANT,
        owner_id=OuterRef("pk"),
        period=_month(OuterRef("time_zone"), at),
    )
    return tenants.annotate(**_used(month))


def budgets_of(*, tenant_id: UUID, owner: BudgetOwner) -> QuerySet[Budget]:
    """The one budget of the owner, or none."""
    where: dict[str, Any] = {"user_id": owner.user_id, "api_key_id": owner.api_key_id}
    return Budget.objects.filter(tenant_id=tenant_id, **where)


def with_month_use(budgets: QuerySet[Budget], *, at: datetime) -> QuerySet[Budget]:
    """Each budget of a user or a key with the same; zeros for that of each run."""
    kind = Case(When(user__isnull=False, then=Value("user")), default=Value("key"))
    month = Account.objects.filter(
        tenant=OuterRef("tenant_id"),
        kind=OuterRef("owner_kind"),
        owner_id=OuterRef("owner"),
        period=_month(OuterRef("tenant__time_zone"), at),
    )
    owner = Coalesce("user_id", "api_key_id")
    owned: Any = budgets.annotate(owner_kind=kind, owner=owner)
    return cast("QuerySet[Budget]", owned.annotate(**_used(month)))


def _month(time_zone: OuterRef, at: datetime) -> Cast:
    local = Func(time_zone, Value(at), function="timezone", output_field=DateTimeField())
    start = Func(Value("month"), local, function="date_trunc", output_field=DateTimeField())
    return Cast(start, DateField())


def _used(month: QuerySet[Account]) -> dict[str, Coalesce]:
    def amount(unit: Unit, column: str) -> Coalesce:
        found = Subquery(month.filter(unit=unit).values(column))
        return Coalesce(found, Value(0), output_field=BigIntegerField())

    return {
        f"{unit}_{name}": amount(unit, column)
        for unit in ("tokens", "nanos")
        for name, column in (("used", "posted"), ("reserved", "reserved"))
    }
