"""The forms of a rate limit."""

from typing import Any, ClassVar

from django import forms

from apps.tenants.contracts import Rate
from apps.tenants.models import RateLimit
from apps.tenants.models.rate_limit import MAX_RATE


class RateForm(forms.ModelForm):  # type: ignore[type-arg]
    """Both limits; empty means none."""

    class Meta:
        model = RateLimit
        fields = ("requests_per_minute", "tokens_per_minute", "algorithm")

    def clean_requests_per_minute(self) -> int | None:
        return self._checked("requests_per_minute")

    def clean_tokens_per_minute(self) -> int | None:
        return self._checked("tokens_per_minute")

    def _checked(self, name: str) -> int | None:
        limit: int | None = self.cleaned_data[name]
        if limit is not None and not 1 <= limit <= MAX_RATE:
            raise forms.ValidationError(f"Name 1 to {MAX_RATE}, or nothing for no limit.")
        return limit

    def rate(self) -> Rate:
        """What the service takes, of a valid form."""
        return Rate(
            requests_per_minute=self.cleaned_data["requests_per_minute"],
            tokens_per_minute=self.cleaned_data["tokens_per_minute"],
            algorithm=self.cleaned_data["algorithm"],
        )


class NewRateForm(RateForm):
    """Whose limit it is, too."""

    class Meta(RateForm.Meta):
        fields = ("tenant", "user", "api_key", "is_each_user", *RateForm.Meta.fields)  # type: ignore[assignment]
        help_texts: ClassVar = {
            "user": "The limit of this user, over all their keys.",
            "api_key": "The limit of this key.",
            "is_each_user": "The limit of each user who has none of their own. None of the three: "
            "the tenant's own.",
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        tenant, user, key = (cleaned.get(name) for name in ("tenant", "user", "api_key"))
        is_each_user = bool(cleaned.get("is_each_user"))
        if (user is not None) + (key is not None) + is_each_user > 1:
            self.add_error(None, "Choose one of a user, a key and each user.")
        for name, owner in (("user", user), ("api_key", key)):
            if owner and tenant and owner.tenant_id != tenant.pk:
                self.add_error(name, "This is not of the tenant.")
        others = RateLimit.objects.filter(
            tenant=tenant, user=user, api_key=key, is_each_user=is_each_user
        )
        if tenant and others.exists():
            self.add_error(None, "There is such a rate limit already; change that one.")
        return cleaned
