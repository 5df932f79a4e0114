"""Tenants: their limits and what is left of them, and the way to all they have."""

from typing import Any, ClassVar, cast
from uuid import UUID

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from unfold.decorators import display

from agentplatform.api.admin_refusal import Form
from agentplatform.core.clock import now
from apps.tenants.admin.budget_bar import bar_of
from apps.tenants.admin.shown_once import show_once
from apps.tenants.admin.tenant_actions import TenantActions
from apps.tenants.admin.tenant_filters import BudgetFilter
from apps.tenants.admin.tenant_form import BudgetForm, NewTenantForm, TenantForm
from apps.tenants.models import Tenant
from apps.tenants.selectors import with_budget_use
from apps.tenants.services.create_first_admin import create_first_admin
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.set_budget import set_budget

STATUS_COLORS = {"active": "success", "suspended": "warning", "deleted": "danger"}


@admin.register(Tenant)
class TenantAdmin(TenantActions):
    audit_noun = "tenant"
    audited_fields = (
        "name", "slug", "soft_limit_ratio", "budget_thresholds", "time_zone",
        "max_runs_in_flight", "max_calls_in_flight", "retention_days", "allows_provisioning",
    )  # fmt: skip
    form = TenantForm
    list_display = ("slug", "name", "state", "tokens_this_month", "usd_this_month", "created_at")
    list_filter = ("status", BudgetFilter)
    search_fields = ("slug", "name", "=id")
    readonly_fields = (
        "id", "state", "tokens_this_month", "usd_this_month", "created_at", "purged_at", "lists",
    )  # fmt: skip
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    add_fieldsets = (
        (None, {"fields": ("name", "slug")}),
        ("Budget", {"fields": ("token_budget_monthly", "usd_budget_monthly")}),
        ("People", {"fields": ("admin_email",)}),
    )
    fieldsets = (
        (None, {"fields": ("name", "slug", "state", "id", "created_at", "purged_at")}),
        (
            "Budget",
            {
                "fields": (
                    "tokens_this_month",
                    "usd_this_month",
                    "token_budget_monthly",
                    "usd_budget_monthly",
                    "soft_limit_ratio",
                    "budget_thresholds",
                    "time_zone",
                )
            },
        ),
        ("In flight", {"fields": ("max_runs_in_flight", "max_calls_in_flight")}),
        ("Data and people", {"fields": ("retention_days", "allows_provisioning", "lists")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        return with_budget_use(super().get_queryset(request), at=now())

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any
    ) -> Form:
        chosen = {} if obj else {"form": NewTenantForm}
        return super().get_form(request, obj, change, **chosen, **options)

    def get_prepopulated_fields(self, _request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        """A slug that commands and people know does not follow the name."""
        return {} if obj else self.prepopulated_fields

    @display(description="Status", ordering="status", label=STATUS_COLORS)
    def state(self, tenant: Tenant) -> str:
        return tenant.status

    @admin.display(description="Tokens this month", ordering="tokens_used")
    def tokens_this_month(self, tenant: Any) -> str:
        return bar_of(tenant, "tokens", tenant.token_budget_monthly, of=tenant)

    @admin.display(description="USD this month", ordering="nanos_used")
    def usd_this_month(self, tenant: Any) -> str:
        return bar_of(tenant, "nanos", tenant.usd_budget_monthly_nanos, of=tenant)

    @admin.display(description="What it has")
    def lists(self, tenant: Tenant) -> str:
        """Every list of the admin that tells tenants apart, for this one; before them the pages
        that their admins have of a tenant."""
        links = [
            (model._meta.verbose_name_plural, f"{_list_of(model)}?tenant__id__exact={tenant.pk}")
            for model in self.admin_site._registry
            if any(field.name == "tenant" for field in model._meta.fields)
        ]
        pages = [
            find(tenant)
            for one in self.admin_site._registry.values()
            if (find := getattr(one, "tenant_page", None)) is not None
        ]
        return render_to_string("admin/tenants/links.html", {"links": [*pages, *links]})

    def audit_tenant_id(self, row: Model) -> UUID | None:
        return cast(UUID, row.pk)

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        tenant = cast(Tenant, obj)
        if not change:
            self._create(request, tenant, form)
            return
        super().save_model(request, tenant, form, change)
        if form.budget_changed:
            set_budget(
                tenant_id=tenant.id,
                token_limit=tenant.token_budget_monthly,
                usd_limit_nanos=tenant.usd_budget_monthly_nanos,
                at=now(),
            )

    def _create(self, request: HttpRequest, tenant: Tenant, form: BudgetForm) -> None:
        at = now()
        made = create_tenant(
            name=tenant.name,
            slug=tenant.slug,
            token_budget=tenant.token_budget_monthly,
            usd_budget_nanos=tenant.usd_budget_monthly_nanos,
            at=at,
        )
        tenant.pk = made.pk
        email = form.cleaned_data["admin_email"]
        if email:
            _, key = create_first_admin(tenant_id=made.id, email=email, at=at)
            cast(Any, request).first_key = (email, key.secret)

    def response_add(
        self, request: HttpRequest, obj: Model, post_url_continue: str | None = None
    ) -> HttpResponse:
        email, secret = getattr(request, "first_key", ("", ""))
        if secret:
            return show_once(
                self,
                request,
                obj,
                title=f"The tenant {obj} is ready",
                label=f"The key of its admin {email}",
                secret=secret,
            )
        response: HttpResponse = super().response_add(request, obj, post_url_continue)
        return response

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A deleted tenant is there to look at."""
        is_gone = isinstance(obj, Tenant) and obj.status == Tenant.Status.DELETED
        return not is_gone and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        """A tenant is ended by the action; its ledger and audit stay."""
        return False


def _list_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
