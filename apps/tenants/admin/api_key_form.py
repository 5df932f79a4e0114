"""The forms of a key: what is chosen for a new one, and how long an old one lives on."""

from typing import Any, ClassVar

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
)

from apps.tenants.models import ApiKey
from apps.tenants.services.create_api_key import DEFAULT_SCOPES
from apps.tenants.services.rotate_api_key import DEFAULT_OVERLAP_SECONDS, MAX_OVERLAP_SECONDS
from apps.tenants.states import RIGHTS_OF_TENANTS

HOUR = 3600


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """The secret is made by the server; the service judges the rest."""

    scopes = forms.MultipleChoiceField(
        choices=[(right, right) for right in RIGHTS_OF_TENANTS],
        initial=DEFAULT_SCOPES,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = ApiKey
        fields = ("tenant", "name", "scopes", "user", "expires_at")
        help_texts: ClassVar = {
            "user": "Empty: the key is the tenant's own.",
            "expires_at": "Empty: it works until it is revoked.",
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("tenant") and cleaned["tenant"].status == "deleted":
            self.add_error("tenant", "This tenant is deleted.")
        return cleaned


class RotationForm(forms.Form):
    """For how long both keys work."""

    overlap_hours = forms.IntegerField(
        label="Hours for which the old key still works",
        initial=DEFAULT_OVERLAP_SECONDS // HOUR,
        min_value=0,
        max_value=MAX_OVERLAP_SECONDS // HOUR,
        widget=UnfoldAdminIntegerFieldWidget,
    )
