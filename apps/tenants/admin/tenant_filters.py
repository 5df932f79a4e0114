"""Which tenants a list shows."""

from typing import Any

from django.contrib import admin
from django.db.models import F, FloatField, Q, QuerySet
from django.db.models.functions import Cast
from django.db.models.lookups import GreaterThanOrEqual
from django.http import HttpRequest

from apps.tenants.models import Tenant

_TOKENS = F("tokens_used") + F("tokens_reserved")
_NANOS = F("nanos_used") + F("nanos_reserved")


class BudgetFilter(admin.SimpleListFilter):
    """By what is left of the month, of either budget. Needs selectors.with_budget_use."""

    title = "budget this month"
    parameter_name = "budget"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
        return [
            ("exhausted", "Nothing left"),
            ("short", "Above the soft limit"),
            ("unlimited", "No limit"),
        ]

    def queryset(self, _request: HttpRequest, tenants: QuerySet[Tenant]) -> QuerySet[Tenant]:
        exhausted = _reaches("token_budget_monthly", _TOKENS) | _reaches(
            "usd_budget_monthly_nanos", _NANOS
        )
        short = _reaches("token_budget_monthly", _TOKENS, soft=True) | _reaches(
            "usd_budget_monthly_nanos", _NANOS, soft=True
        )
        unlimited = Q(token_budget_monthly=None, usd_budget_monthly_nanos=None)
        conditions = {"exhausted": exhausted, "short": short & ~exhausted, "unlimited": unlimited}
        chosen = conditions.get(self.value() or "")
        return tenants if chosen is None else tenants.filter(chosen)


def _reaches(budget: str, taken: Any, *, soft: bool = False) -> Q:
    limit = Cast(budget, FloatField()) * F("soft_limit_ratio") if soft else F(budget)
    return Q(**{f"{budget}__isnull": False}) & Q(GreaterThanOrEqual(taken, limit))
