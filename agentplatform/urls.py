"""Every address that the web process answers."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="api-docs")),
    path("", include("agentplatform.api.urls")),
    path("api/v1/", include("apps.tenants.api.urls")),
    path("api/v1/", include("apps.gateway.api.urls")),
    path("api/v1/", include("apps.tools.api.urls")),
    path("api/v1/", include("apps.runs.api.urls")),
    path("files/", include("apps.tools.api.file_urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path(
        "api/docs/",
        SpectacularSwaggerView.as_view(url_name="api-schema", template_name="api/docs.html"),
        name="api-docs",
    ),
    path("admin/", admin.site.urls),
]

handler400 = "agentplatform.api.problems.bad_request"
handler403 = "agentplatform.api.problems.permission_denied"
handler404 = "agentplatform.api.problems.not_found"
handler500 = "agentplatform.api.problems.server_error"
