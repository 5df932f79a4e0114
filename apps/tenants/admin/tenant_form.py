"""The forms of a tenant: budgets in tokens and USD; empty means no limit."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
)

from agentplatform.core.errors import InvalidInput
from agentplatform.core.money import NANOS_PER_USD, parse_usd
from apps.tenants.models import Tenant
from apps.tenants.services.change_tenant import MAX_RETENTION_DAYS, check_thresholds
from apps.tenants.services.check_time_zone import check_time_zone


class BudgetForm(forms.ModelForm):  # type: ignore[type-arg]
    """What both have. USD are read into nano-dollars of the instance; `budget_changed` says whether
    either budget is another one than before."""

    usd_budget_monthly = forms.DecimalField(
        label="USD budget monthly",
        required=False,
        min_value=0,
        max_value=10**9,
        decimal_places=9,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="Empty means no limit.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nanos = self.instance.usd_budget_monthly_nanos
        if nanos is not None:
            usd = (Decimal(nanos) / NANOS_PER_USD).normalize()
            self.initial["usd_budget_monthly"] = Decimal(f"{usd:f}")  # 120, never 1.2E+2

    @property
    def budget_changed(self) -> bool:
        return not {"token_budget_monthly", "usd_budget_monthly"}.isdisjoint(self.changed_data)

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        others = Tenant.objects.exclude(status=Tenant.Status.DELETED).exclude(pk=self.instance.pk)
        if others.filter(slug=slug).exists():
            raise forms.ValidationError("There is a tenant with this slug already.")
        return slug

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        usd = cleaned.get("usd_budget_monthly")
        self.instance.usd_budget_monthly_nanos = None if usd is None else parse_usd(usd)
        return cleaned


class TenantForm(BudgetForm):
    """What may be changed of a tenant; its status is by the actions."""

    retention_days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_RETENTION_DAYS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Days to keep what has ended; empty keeps it.",
    )

    class Meta:
        model = Tenant
        fields = (
            "name",
            "slug",
            "token_budget_monthly",
            "soft_limit_ratio",
            "budget_thresholds",
            "time_zone",
            "max_runs_in_flight",
            "max_calls_in_flight",
            "retention_days",
            "allows_provisioning",
        )
        widgets: ClassVar = {"budget_thresholds": UnfoldAdminTextInputWidget}
        help_texts: ClassVar = {
            "token_budget_monthly": "Empty means no limit.",
            "soft_limit_ratio": "The share of a budget from which on it is shown as short, and"
            " at which there is a warning.",
        }

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"]
        self._judge("time_zone", lambda: check_time_zone(name))
        return name

    def clean_budget_thresholds(self) -> list[float]:
        shares: list[float] = self.cleaned_data["budget_thresholds"]
        self._judge("budget_thresholds", lambda: check_thresholds(shares))
        return shares

    def _judge(self, field: str, check: Callable[[], None]) -> None:
        try:
            check()
        except InvalidInput as error:
            raise forms.ValidationError(error.errors[field]) from error


class NewTenantForm(BudgetForm):
    """What a tenant begins with; the rest is changed afterwards."""

    admin_email = forms.EmailField(
        label="First admin",
        required=False,
        widget=UnfoldAdminEmailInputWidget,
        help_text="The address of somebody who gets a key, shown once. Empty: nobody yet.",
    )

    class Meta:
        model = Tenant
        fields = ("name", "slug", "token_budget_monthly")
        help_texts: ClassVar = {"token_budget_monthly": "Empty means no limit."}
