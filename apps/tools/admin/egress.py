"""The way out of tool calls: rules of tenants, and the requests that were made."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

from agentplatform.api.admin_refusal import ServiceAdmin
from agentplatform.core.admin import ReadOnly, as_link
from agentplatform.core.clock import now
from apps.tools.models import EgressRequest, EgressRule
from apps.tools.services.set_egress_rule import add_egress_rule, delete_egress_rule

_PARTS = ("host", "port", "methods")


class EgressRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """The service judges it."""

    class Meta:
        model = EgressRule
        fields = ("tenant", *_PARTS)
        help_texts: ClassVar = {
            "host": "api.example.org, or *.example.org for every subdomain.",
            "port": "Empty: 80 and 443.",
            "methods": "By comma: GET, HEAD. Empty: any. With methods, programs cannot use https.",
        }
        widgets: ClassVar = {"methods": UnfoldAdminTextInputWidget()}


@admin.register(EgressRule)
class EgressRuleAdmin(ServiceAdmin):
    """Rules are added and deleted, never changed."""

    form = EgressRuleForm
    fields = ("tenant", *_PARTS)
    list_display = ("host", "tenant", "port", "methods", "is_from_staff", "created_at")
    list_filter = ("tenant", "is_from_staff")
    list_select_related = ("tenant",)
    autocomplete_fields = ("tenant",)
    search_fields = ("host", "tenant__slug")
    actions = None

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False

    def save_model(self, _request: HttpRequest, obj: Model, form: Any, _change: bool) -> None:
        parts = {name: form.cleaned_data[name] for name in _PARTS}
        row = add_egress_rule(tenant_id=form.cleaned_data["tenant"].id, **parts, at=now())
        obj.pk = row.pk

    def delete_model(self, _request: HttpRequest, obj: EgressRule) -> None:
        delete_egress_rule(tenant_id=obj.tenant_id, rule_id=obj.id, at=now())


class RefusedFilter(admin.SimpleListFilter):
    """Whether it left."""

    title = "refused"
    parameter_name = "is_refused"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def queryset(
        self, _request: HttpRequest, rows: QuerySet[EgressRequest]
    ) -> QuerySet[EgressRequest]:
        match self.value():
            case "yes":
                return rows.exclude(refusal="")
            case "no":
                return rows.filter(refusal="")
        return rows


@admin.register(EgressRequest)
class EgressRequestAdmin(ReadOnly, ModelAdmin):
    list_display = ("at", "tenant", "via", "method", "host", "port", "status", "refusal", "call")
    list_filter = (RefusedFilter, "via", "method", "tenant")
    list_select_related = ("tenant",)
    search_fields = ("=run_id", "=call_id", "host")
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("tenant", "at", "via", "method", "host", "port", "address")}),
        (
            "Came of it",
            {"fields": ("refusal", "status", "sent_bytes", "received_bytes", "duration_ms")},
        ),
        ("Belongs to", {"fields": ("run", "step_id", "call")}),
    )
    readonly_fields = ("run", "call")

    @admin.display(description="run")
    def run(self, asked: EgressRequest) -> str:
        return as_link("runs_run", asked.run_id)

    @admin.display(description="call")
    def call(self, asked: EgressRequest) -> str:
        return as_link("tools_toolcall", asked.call_id)
