"""What is left of a tenant's money, what was used, and who changed what."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
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

from agentplatform.core.errors import NotFound
from agentplatform.core.transactions import scope_connection
from apps.tenants.contracts import (
    AccountRoom,
    AlertFilter,
    AuditFilter,
    BudgetOwner,
    BudgetUse,
    Caps,
    Spending,
    Unit,
)
from apps.tenants.models import Account, Alert, ApiKey, AuditEntry, Budget, Tenant, User

AUDIT_FIELDS = (
    "id", "at", "tenant_id", "actor_kind", "actor_id", "actor_name", "action", "target_kind",
    "target_id", "before", "after", "address", "trace_id",
)  # fmt: skip
"""What is shown of an audit entry, wherever it is shown."""


def period_of(at: datetime, time_zone: str) -> date:
    """The month that `at` is booked in: its first day, in the tenant's time zone."""
    return at.astimezone(ZoneInfo(time_zone)).date().replace(day=1)


SPENDING = (
    "select * from spending(%(tenant_id)s, %(run_ids)s::uuid[], %(user_ids)s::uuid[],"
    " %(api_key_ids)s::uuid[], %(ats)s::timestamptz[])"
)
"""Whom each call is charged to, and those of the accounts that are open: of the run, of the runs
that it works for, and of the month of tenant, user and key. Its parameters are those of
spending_arguments; its rows are for spending_of."""


@dataclass(frozen=True, kw_only=True)
class Spender:
    """Who makes a call at `at`: a run, or a user or a key themselves."""

    tenant_id: UUID
    run_id: UUID | None
    at: datetime
    user_id: UUID | None = None
    api_key_id: UUID | None = None


def spending_arguments(tenant_id: UUID, spenders: Sequence[Spender]) -> dict[str, Any]:
    """The parameters of SPENDING for calls of spenders of this tenant."""
    return {
        "tenant_id": tenant_id,
        "run_ids": [one.run_id for one in spenders],
        "user_ids": [one.user_id for one in spenders],
        "api_key_ids": [one.api_key_id for one in spenders],
        "ats": [one.at for one in spenders],
    }


def spending_of(rows: Sequence[Mapping[str, Any]], *, count: int) -> list[Spending]:
    """The rows of SPENDING for so many spenders, as they cross the app's border."""
    by_place: dict[int, list[Mapping[str, Any]]] = {place: [] for place in range(1, count + 1)}
    for row in rows:
        by_place[row["place"]].append(row)
    return [_spending_of(some) for some in by_place.values()]


def _spending_of(rows: Sequence[Mapping[str, Any]]) -> Spending:
    return Spending(
        user_id=rows[0]["user_id"] if rows else None,
        api_key_id=rows[0]["api_key_id"] if rows else None,
        accounts=tuple(_room_of(row) for row in rows if row["id"] is not None),
    )


def spending(spender: Spender) -> Spending:
    """Whom a call is charged to, and on which accounts that are open. One query."""
    with scope_connection().cursor() as cursor:
        cursor.execute(SPENDING, spending_arguments(spender.tenant_id, [spender]))
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return spending_of(rows, count=1)[0]


def _room_of(row: Mapping[str, Any]) -> AccountRoom:
    limit = row["hard_limit"]
    return AccountRoom(
        account_id=row["id"],
        kind=row["kind"],
        unit=row["unit"],
        hard_limit=limit,
        room=None if limit is None else max(0, limit - row["posted"] - row["reserved"]),
    )


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


def time_zone_of(tenant_id: UUID) -> str:
    """Whose months and days count for the tenant."""
    return Tenant.objects.values_list("time_zone", flat=True).get(id=tenant_id)


def tenant_of_slug(slug: str) -> UUID:
    """The tenant that has the slug, or else the last one that had it. Raises NotFound."""
    tenants = Tenant.objects.filter(slug=slug)
    tenant = tenants.exclude(status="deleted").first() or tenants.order_by("-id").first()
    if tenant is None:
        raise NotFound(f"There is no tenant with the slug {slug!r}.")
    return tenant.id


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


def alerts_of(*, tenant_id: UUID, wanted: AlertFilter) -> QuerySet[Alert]:
    """The alerts that are wanted of a tenant."""
    alerts = Alert.objects.filter(tenant_id=tenant_id)
    for name in ("kind", "subject"):
        if (value := getattr(wanted, name)) is not None:
            alerts = alerts.filter(**{name: value})
    if wanted.since is not None:
        alerts = alerts.filter(created_at__gte=wanted.since)
    if wanted.until is not None:
        alerts = alerts.filter(created_at__lt=wanted.until)
    return alerts


def spender_names(*, user_ids: Collection[UUID], api_key_ids: Collection[UUID]) -> dict[UUID, str]:
    """What people call these users and keys, by id; those that are gone are left out."""
    users = User.objects.filter(id__in=user_ids).values_list("id", "email")
    keys = ApiKey.objects.filter(id__in=api_key_ids).values_list("id", "name")
    return {**dict(users), **dict(keys)}
