"""Budgets of users, keys and runs."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from agentplatform.api.admin_refusal import Form, ServiceAdmin
from agentplatform.core.clock import now
from apps.tenants.admin.budget_bar import bar_of
from apps.tenants.admin.budget_form import LimitsForm, NewBudgetForm
from apps.tenants.contracts import BudgetOwner
from apps.tenants.models import Budget
from apps.tenants.selectors import with_month_use
from apps.tenants.services.member_budget import remove_member_budget, set_member_budget


@admin.register(Budget)
class BudgetAdmin(ServiceAdmin):
    form = LimitsForm
    list_display = ("owner", "tenant", "tokens_this_month", "usd_this_month", "changed_at")
    list_filter = (("tenant", AutocompleteSelectFilter),)
    list_filter_submit = True
    list_select_related = ("tenant", "user", "api_key")
    search_fields = ("tenant__slug", "user__email", "api_key__name", "api_key__prefix")
    autocomplete_fields = ("tenant", "user", "api_key")
    actions = None
    add_fieldsets = (
        (None, {"fields": ("tenant", "user", "api_key")}),
        ("Limits", {"fields": ("token_limit", "usd_limit")}),
    )
    fieldsets = (
        (None, {"fields": ("owner", "tenant", "tokens_this_month", "usd_this_month")}),
        ("Limits", {"fields": ("token_limit", "usd_limit", "changed_at")}),
    )

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any
    ) -> Form:
        chosen = {} if obj else {"form": NewBudgetForm}
        return super().get_form(request, obj, change, **chosen, **options)

    def get_readonly_fields(self, _request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return ("owner", "tenant", "tokens_this_month", "usd_this_month", "changed_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Budget]:
        return with_month_use(super().get_queryset(request), at=now())

    @admin.display(description="Of")
    def owner(self, budget: Budget) -> str:
        return str(budget)

    @admin.display(description="Tokens this month", ordering="tokens_used")
    def tokens_this_month(self, budget: Budget) -> str:
        return bar_of(budget, "tokens", budget.token_limit, of=budget.tenant)

    @admin.display(description="USD this month", ordering="nanos_used")
    def usd_this_month(self, budget: Budget) -> str:
        return bar_of(budget, "nanos", budget.usd_limit_nanos, of=budget.tenant)

    def save_model(self, _request: HttpRequest, obj: Model, form: Any, _change: bool) -> None:
        budget = cast(Any, obj)
        saved, _ = set_member_budget(
            tenant_id=budget.tenant_id, owner=_owner(budget), at=now(), **form.limits()
        )
        obj.pk = saved.pk

    def delete_model(self, _request: HttpRequest, obj: Model) -> None:
        budget = cast(Any, obj)
        remove_member_budget(tenant_id=budget.tenant_id, owner=_owner(budget), at=now())


def _owner(budget: Any) -> BudgetOwner:
    return BudgetOwner(user_id=budget.user_id, api_key_id=budget.api_key_id)
