"""The form of a new user."""

from typing import Any, ClassVar

from django import forms

from apps.tenants.models import User


class NewUserForm(forms.ModelForm):  # type: ignore[type-arg]
    """Somebody of one tenant, or a member of the platform's staff."""

    class Meta:
        model = User
        fields = ("email", "tenant", "role", "is_staff")
        labels: ClassVar = {"is_staff": "Platform staff"}
        help_texts: ClassVar = {
            "tenant": "Its users sign in with Cognito or act through a key: they have no password.",
            "is_staff": "Of no tenant: enters this admin site and sees every tenant. The password"
            " is made by the server and shown once.",
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("tenant") and cleaned["tenant"].status == "deleted":
            self.add_error("tenant", "This tenant is deleted.")
        return cleaned
