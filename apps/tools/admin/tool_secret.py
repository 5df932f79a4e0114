"""The secrets that tenants' tools may use."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from agentplatform.api.admin_of_tenant import TenantRows
from agentplatform.core.clock import now
from apps.tools.models import ToolSecret
from apps.tools.services.set_tool_secret import delete_tool_secret, set_tool_secret


class ToolSecretForm(forms.ModelForm):  # type: ignore[type-arg]
    """The value is taken and never shown; the service judges the rest."""

    value = forms.CharField(
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text="Empty keeps the present value.",
    )

    class Meta:
        model = ToolSecret
        fields = ("tenant", "name", "hosts", "sent_as", "parameter")
        help_texts: ClassVar = {
            "name": "What calls name, as in “auth”: {“secret”: “name”}.",
            "hosts": "By comma: api.example.org, *.example.com, api.example.org:8443. "
            "It is sent to these alone, encrypted unless http:// stands before the host.",
        }
        widgets: ClassVar = {"hosts": UnfoldAdminTextInputWidget()}


@admin.register(ToolSecret)
class ToolSecretAdmin(TenantRows):
    named_by = ("tenant", "name")
    form = ToolSecretForm
    list_display = ("name", "tenant", "hosts", "sent_as", "updated_at")
    search_fields = ("name", "tenant__slug")
    fields = ("tenant", "name", "value", "hosts", "sent_as", "parameter")

    def save_model(self, _request: HttpRequest, obj: Model, form: Any, _change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in ("hosts", "sent_as", "parameter")}
        value = form.cleaned_data["value"] or None
        set_tool_secret(**self.key_of(obj), value=value, **values, at=now())
        self.find(obj)

    def delete_model(self, _request: HttpRequest, obj: Model) -> None:
        delete_tool_secret(**self.key_of(obj), at=now())
