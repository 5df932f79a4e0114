"""Rate limits of tenants, users and keys."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from agentplatform.api.admin_refusal import Form, ServiceAdmin
from agentplatform.core.clock import now
from apps.tenants.admin.rate_limit_form import NewRateForm, RateForm
from apps.tenants.contracts import RateOwner
from apps.tenants.models import RateLimit
from apps.tenants.services.rate_limit import remove_rate_limit, set_rate_limit


@admin.register(RateLimit)
class RateLimitAdmin(ServiceAdmin):
    form = RateForm
    list_display = (
        "owner", "tenant", "requests_per_minute", "tokens_per_minute", "algorithm", "changed_at",
    )  # fmt: skip
    list_filter = (("tenant", AutocompleteSelectFilter), "algorithm")
    list_filter_submit = True
    list_select_related = ("tenant", "user", "api_key")
    search_fields = ("tenant__slug", "user__email", "api_key__name", "api_key__prefix")
    autocomplete_fields = ("tenant", "user", "api_key")
    actions = None
    add_fieldsets = (
        (None, {"fields": ("tenant", "user", "api_key", "is_each_user")}),
        ("Limits", {"fields": ("requests_per_minute", "tokens_per_minute", "algorithm")}),
    )
    fieldsets = (
        (None, {"fields": ("owner", "tenant", "changed_at")}),
        ("Limits", {"fields": ("requests_per_minute", "tokens_per_minute", "algorithm")}),
    )

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any
    ) -> Form:
        chosen = {} if obj else {"form": NewRateForm}
        return super().get_form(request, obj, change, **chosen, **options)

    def get_readonly_fields(self, _request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("owner", "tenant", "changed_at") if obj else ()

    @admin.display(description="Of")
    def owner(self, limit: RateLimit) -> str:
        return str(limit)

    def save_model(self, _request: HttpRequest, obj: Model, form: Any, _change: bool) -> None:
        limit = cast(Any, obj)
        saved, _ = set_rate_limit(
            tenant_id=limit.tenant_id, owner=_owner(limit), rate=form.rate(), at=now()
        )
        obj.pk = saved.pk

    def delete_model(self, _request: HttpRequest, obj: Model) -> None:
        limit = cast(Any, obj)
        remove_rate_limit(tenant_id=limit.tenant_id, owner=_owner(limit), at=now())


def _owner(limit: Any) -> RateOwner:
    return RateOwner(
        user_id=limit.user_id, api_key_id=limit.api_key_id, is_each_user=limit.is_each_user
    )
