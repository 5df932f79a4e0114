"""The forms of a budget; USD are read into nano-dollars."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from agentplatform.core.money import NANOS_PER_USD, parse_usd
from apps.tenants.models import Budget
from apps.tenants.services.limit_accounts import MAX_LIMIT


class LimitsForm(forms.ModelForm):  # type: ignore[type-arg]
    """Both limits; empty means none."""

    usd_limit = forms.DecimalField(
        label="USD limit",
        required=False,
        min_value=0,
        max_value=10**9,
        decimal_places=9,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="Empty means no limit.",
    )

    class Meta:
        model = Budget
        fields = ("token_limit",)
        help_texts: ClassVar = {"token_limit": "Empty means no limit."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nanos = self.instance.usd_limit_nanos
        if nanos is not None:
            self.initial["usd_limit"] = Decimal(f"{(Decimal(nanos) / NANOS_PER_USD).normalize():f}")

    def clean_token_limit(self) -> int | None:
        limit: int | None = self.cleaned_data["token_limit"]
        if limit is not None and not 0 <= limit <= MAX_LIMIT:
            raise forms.ValidationError("A budget is zero or more.")
        return limit

    def limits(self) -> dict[str, int | None]:
        """What the service takes, of a valid form."""
        usd = self.cleaned_data["usd_limit"]
        return {
            "token_limit": self.cleaned_data["token_limit"],
            "usd_limit_nanos": None if usd is None else parse_usd(usd),
        }


class NewBudgetForm(LimitsForm):
    """Whose limits they are, too."""

    class Meta(LimitsForm.Meta):
        fields = ("tenant", "user", "api_key", "token_limit")  # type: ignore[assignment]
        help_texts: ClassVar = {
            **LimitsForm.Meta.help_texts,
            "user": "Limits of this user a month, over all their keys.",
            "api_key": "Limits of this key a month. Neither: limits of each run.",
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        tenant, user, key = (cleaned.get(name) for name in ("tenant", "user", "api_key"))
        if user and key:
            self.add_error("api_key", "Choose a user or a key, not both.")
        for name, owner in (("user", user), ("api_key", key)):
            if owner and tenant and owner.tenant_id != tenant.pk:
                self.add_error(name, "This is not of the tenant.")
        others = Budget.objects.filter(tenant=tenant, user=user, api_key=key)
        if tenant and others.exists():
            self.add_error(None, "There is such a budget already; change that one.")
        return cleaned
