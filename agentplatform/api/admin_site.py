"""The admin site: unfold's, whose login answers 429 while the form refuses to look, and whose forms
of one's own password are the platform's."""

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig
from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.core.checks import CheckMessage
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, URLResolver, reverse
from unfold.sites import UnfoldAdminSite


class PlatformAdminSite(UnfoldAdminSite):
    """`own_password_form` is set by the app of the users: it knows how a password is saved.

    Its pages are loaded when they are served or checked: a worker starts without them.
    """

    own_password_form: Any

    def get_urls(self) -> list[URLResolver | URLPattern]:
        autodiscover()
        urls: list[URLResolver | URLPattern] = super().get_urls()
        return urls

    def check(self, app_configs: Iterable[AppConfig] | None) -> list[CheckMessage]:
        autodiscover()
        found: list[CheckMessage] = super().check(app_configs)
        return found

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        from django.contrib.auth.views import PasswordChangeView  # the users are loaded later

        view = PasswordChangeView.as_view(
            form_class=self.own_password_form,
            template_name=self.password_change_template or "registration/password_change_form.html",
            success_url=reverse(f"{self.name}:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response: HttpResponse = super().login(request, extra_context)
        form = (getattr(response, "context_data", None) or {}).get("form")
        wait = getattr(form, "retry_after_seconds", 0)
        if wait:
            response.status_code = 429
            response["Retry-After"] = str(wait)
        return response


class PlatformAdminConfig(SimpleAdminConfig):
    default_site = "agentplatform.api.admin_site.PlatformAdminSite"
