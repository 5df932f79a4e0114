"""What tenants have set of models: routes, policies and own keys."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from agentplatform.api.admin_of_tenant import TenantRows
from agentplatform.core.clock import now
from agentplatform.settings.model_routes import LISTS
from apps.gateway.models import ModelPolicy, ModelRoute, ProviderKey
from apps.gateway.services.set_model_policy import set_model_policy
from apps.gateway.services.set_model_route import delete_model_route, set_model_route
from apps.gateway.services.set_provider_key import delete_provider_key, set_provider_key


class ModelRouteForm(forms.ModelForm):  # type: ignore[type-arg]
    """The service judges it."""

    class Meta:
        model = ModelRoute
        fields = ("tenant", "alias", *LISTS)
        help_texts: ClassVar = {
            "alias": "What calls name. `default` takes the place of the platform's.",
            "targets": "By comma, the preferred first: openai:gpt-4o, anthropic:claude-haiku-4-5.",
            "on_context_window": "Asked instead when a prompt is too long for one of the targets.",
            "on_content_filter": "Asked instead when a provider's content filter refuses.",
        }
        widgets: ClassVar = dict.fromkeys(LISTS, UnfoldAdminTextInputWidget())


@admin.register(ModelRoute)
class ModelRouteAdmin(TenantRows):
    form = ModelRouteForm
    named_by = ("tenant", "alias")
    list_display = ("alias", "tenant", "targets", "on_context_window", "on_content_filter")
    search_fields = ("alias", "tenant__slug")
    fields = ("tenant", "alias", *LISTS)

    def save_model(self, _request: HttpRequest, obj: Model, form: Any, _change: bool) -> None:
        lists = {name: form.cleaned_data[name] for name in LISTS}
        set_model_route(**self.key_of(obj), **lists, at=now())
        self.find(obj)

    def delete_model(self, _request: HttpRequest, obj: Model) -> None:
        delete_model_route(**self.key_of(obj), at=now())


@admin.register(ModelPolicy)
class ModelPolicyAdmin(TenantRows):
    named_by = ("tenant",)
    list_display = ("tenant", "allowed_models", "allows_local")
    search_fields = ("tenant__slug",)

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False

    def save_model(self, _request: HttpRequest, obj: Model, form: Any, _change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in ("allowed_models", "allows_local")}
        set_model_policy(**self.key_of(obj), **values, at=now())
        self.find(obj)


class ProviderKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """The key is taken and never shown."""

    api_key = forms.CharField(
        label="API key",
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text="Empty keeps the present key.",
    )

    class Meta:
        model = ProviderKey
        fields = ("tenant", "provider", "base_url", "default_model")
        labels: ClassVar = {"base_url": "Base URL"}


@admin.register(ProviderKey)
class ProviderKeyAdmin(TenantRows):
    named_by = ("tenant", "provider")
    form = ProviderKeyForm
    list_display = ("tenant", "provider", "base_url", "default_model", "updated_at")
    search_fields = ("tenant__slug",)
    fields = ("tenant", "provider", "api_key", "base_url", "default_model")

    def save_model(self, _request: HttpRequest, obj: Model, form: Any, _change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in ("base_url", "default_model")}
        api_key = form.cleaned_data["api_key"] or None
        set_provider_key(**self.key_of(obj), api_key=api_key, **values, at=now())
        self.find(obj)

    def delete_model(self, _request: HttpRequest, obj: Model) -> None:
        delete_provider_key(**self.key_of(obj), at=now())
