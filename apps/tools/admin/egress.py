"""The way out of tool calls: rules of tenants, and the requests that were made."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

from agentplatform.api.admin_refusal import ServiceAdmin
from agentplatform.core.admin import ReadOnly
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


@admin.register(EgressRequest)
class EgressRequestAdmin(ReadOnly, ModelAdmin):
    list_display = ("at", "tenant", "via", "method", "host", "port", "status", "refusal", "run_id")
    list_filter = ("tenant", "via", "method")
    list_select_related = ("tenant",)
    search_fields = ("=run_id", "=call_id", "host")
    show_full_result_count = False
