"""The admin site: unfold's, whose login answers 429 while the form refuses to look."""

from typing import Any

from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse
from unfold.sites import UnfoldAdminSite


class PlatformAdminSite(UnfoldAdminSite):
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


class PlatformAdminConfig(AdminConfig):
    default_site = "agentplatform.api.admin_site.PlatformAdminSite"
