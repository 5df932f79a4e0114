"""The admin's login, slowed by address and by email."""

from typing import Any

from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm

from agentplatform.api.address import client_site
from agentplatform.api.attempts import SIGN_INS_OF_EMAIL, SIGN_INS_OF_SITE
from agentplatform.core.attempts import TooManyAttempts
from agentplatform.core.clock import now


class SignInForm(AuthenticationForm):
    """Refuses before the password is looked at, and whether or not the email is known, so that
    neither the answer nor its time tells. `retry_after_seconds` is 0 unless it refused so."""

    retry_after_seconds = 0

    def clean(self) -> dict[str, Any]:
        email = str(self.cleaned_data.get("username", "")).strip().lower()
        if not email or not self.cleaned_data.get("password"):
            return self._verified()
        site, at = client_site(self.request), now()
        # Counted first: many attempts sent at once would all be verified before the first failed.
        wait = SIGN_INS_OF_SITE.failed(site, at) or SIGN_INS_OF_EMAIL.failed(email, at)
        if wait:
            self.retry_after_seconds = wait
            raise ValidationError(TooManyAttempts(wait).detail, code="too_many_attempts")
        cleaned = self._verified()
        SIGN_INS_OF_SITE.succeeded(site)
        SIGN_INS_OF_EMAIL.succeeded(email)
        return cleaned

    def _verified(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        return cleaned
