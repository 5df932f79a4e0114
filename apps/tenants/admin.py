"""The admin of tenants: who they are, what they may spend, and what they spent."""

from decimal import Decimal
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from agentplatform.core.admin import ReadOnly
from agentplatform.core.clock import now
from agentplatform.core.money import NANOS_PER_USD, format_usd, parse_usd
from apps.tenants.models import Account, ApiKey, LedgerEntry, Tenant, User
from apps.tenants.selectors import budget_use
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.revoke_api_key import revoke_api_key
from apps.tenants.services.set_budget import set_budget

admin.site.unregister(Group)


class TenantForm(forms.ModelForm):  # type: ignore[type-arg]
    """Budgets in tokens and USD; empty means no limit."""

    usd_budget_monthly = forms.DecimalField(
        label="USD budget monthly",
        required=False,
        min_value=0,
        max_value=10**9,
        decimal_places=9,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="Empty means no limit.",
    )

    class Meta:
        model = Tenant
        fields = (
            "name",
            "slug",
            "status",
            "token_budget_monthly",
            "soft_limit_ratio",
            "rate_limit_per_minute",
            "user_rate_limit_per_minute",
        )
        help_texts: ClassVar = {"token_budget_monthly": "Empty means no limit."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nanos = self.instance.usd_budget_monthly_nanos
        if nanos is not None:
            self.initial["usd_budget_monthly"] = (Decimal(nanos) / NANOS_PER_USD).normalize()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        usd = cleaned.get("usd_budget_monthly")
        self.instance.usd_budget_monthly_nanos = None if usd is None else parse_usd(usd)
        return cleaned


@admin.register(Tenant)
class TenantAdmin(ModelAdmin):
    form = TenantForm
    list_display = ("slug", "name", "status", "tokens_this_month", "usd_this_month", "created_at")
    list_filter = ("status",)
    search_fields = ("slug", "name")
    readonly_fields = ("id", "tokens_this_month", "usd_this_month", "created_at")
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": ("id", "name", "slug", "status", "created_at")}),
        (
            "Budget",
            {
                "fields": (
                    "token_budget_monthly",
                    "tokens_this_month",
                    "usd_budget_monthly",
                    "usd_this_month",
                    "soft_limit_ratio",
                )
            },
        ),
        ("Rates", {"fields": ("rate_limit_per_minute", "user_rate_limit_per_minute")}),
    )

    @admin.display(description="Tokens this month")
    def tokens_this_month(self, tenant: Tenant) -> str:
        use = budget_use(tenant_id=tenant.id, at=now())
        limit = "no limit" if use.token_limit is None else f"{use.token_limit:,}"
        return f"{use.tokens_used:,} of {limit}"

    @admin.display(description="USD this month")
    def usd_this_month(self, tenant: Tenant) -> str:
        use = budget_use(tenant_id=tenant.id, at=now())
        limit = "no limit" if use.cost_limit_nanos is None else _usd(use.cost_limit_nanos)
        return f"{_usd(use.cost_nanos)} of {limit}"

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        tenant = cast(Tenant, obj)
        set_budget(
            tenant_id=tenant.id,
            token_limit=tenant.token_budget_monthly,
            usd_limit_nanos=tenant.usd_budget_monthly_nanos,
            at=now(),
        )

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        """A tenant is ended by its status; its ledger stays."""
        return False


def _usd(nanos: int) -> str:
    return f"{Decimal(nanos) / NANOS_PER_USD:,.4f}"


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "tenant", "role", "is_active", "is_staff", "last_login")
    list_filter = ("role", "is_active", "is_staff", "tenant")
    list_select_related = ("tenant",)
    search_fields = ("email",)
    ordering = ("email",)
    autocomplete_fields = ("tenant",)
    filter_horizontal = ()
    readonly_fields = ("id", "last_login", "created_at")
    fieldsets = (
        (None, {"fields": ("id", "email", "password", "tenant", "role", "is_active")}),
        ("Platform staff", {"fields": ("is_staff", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "created_at")}),
    )
    add_fieldsets = (
        (
            None,
            {"fields": ("email", "password1", "password2", "tenant", "role", "is_staff")},
        ),
    )

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        """Who left is deactivated; what they started keeps their name."""
        return False


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is chosen for a new key; the secret is made by the server."""

    class Meta:
        model = ApiKey
        fields = ("tenant", "name", "scopes", "user", "expires_at")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        tenant, user = cleaned.get("tenant"), cleaned.get("user")
        if tenant and user and user.tenant_id != tenant.id:
            raise ValidationError({"user": "This user belongs to another tenant."})
        live = ApiKey.objects.filter(
            tenant=tenant,
            name=cleaned.get("name"),
            revoked_at__isnull=True,
            rotated_at__isnull=True,
        )
        if live.exists():
            raise ValidationError({"name": "There is a live key of this name already."})
        return cleaned


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    form = ApiKeyForm
    list_display = ("prefix", "name", "tenant", "scopes", "user", "is_live", "last_used_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant", "user")
    search_fields = ("prefix", "name")
    autocomplete_fields = ("tenant", "user")
    actions = ("revoke",)

    @admin.display(description="Live", boolean=True)
    def is_live(self, key: ApiKey) -> bool:
        has_expired = key.expires_at is not None and key.expires_at <= now()
        return key.revoked_at is None and not has_expired

    @admin.action(description="Revoke the selected keys")
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        for key in keys:
            revoke_api_key(tenant_id=key.tenant_id, api_key_id=key.id, at=now())
        messages.success(request, "The selected keys are revoked.")

    def save_model(self, request: HttpRequest, obj: Model, _form: Any, _change: bool) -> None:
        key = cast(ApiKey, obj)
        new = create_api_key(
            tenant_id=key.tenant_id,
            name=key.name,
            at=now(),
            scopes=key.scopes,
            user_id=key.user_id,
            expires_at=key.expires_at,
        )
        key.pk = new.api_key_id
        key.refresh_from_db()
        messages.warning(request, f"Copy the key now, it is not shown again: {new.secret}")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A key never changes: it is revoked and another one made. Actions need the list."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        return False


@admin.register(Account)
class AccountAdmin(ReadOnly, ModelAdmin):
    list_display = ("tenant", "kind", "unit", "period", "hard_limit", "posted", "reserved")
    list_filter = ("kind", "unit", "period")
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug", "owner_id")


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnly, ModelAdmin):
    list_display = ("created_at", "tenant", "kind", "tokens", "usd", "is_confirmed", "run_id")
    list_filter = ("kind", "is_confirmed", "tenant")
    list_select_related = ("tenant",)
    search_fields = ("attempt_id", "call_id", "run_id")
    date_hierarchy = "created_at"

    @admin.display(description="USD")
    def usd(self, entry: LedgerEntry) -> str:
        return format_usd(entry.cost_nanos) or "unknown"
