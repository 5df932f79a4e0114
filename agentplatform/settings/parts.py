"""What a Django process is made of."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Parts:
    """`addresses` is the module of the addresses that a web process answers beside /v1/*."""

    apps: tuple[str, ...]
    middleware: tuple[str, ...]
    addresses: str


EVERYTHING: Final = Parts(
    apps=(
        "unfold.apps.BasicAppConfig",
        "unfold.contrib.filters",
        "agentplatform.api.admin_site.PlatformAdminConfig",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "corsheaders",
        "rest_framework",
        "drf_spectacular",
        "drf_spectacular_sidecar",
        "django_celery_results",
        "agentplatform",
        "agentplatform.telemetry",
        "agentplatform.dead_letters",
        "apps.tenants",
        "apps.gateway",
        "apps.tools",
        "apps.runs",
    ),
    middleware=(
        "agentplatform.telemetry.requests.RequestTelemetry",
        "agentplatform.api.headers.SecurityHeaders",
        "agentplatform.api.scope.RequestScope",
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        "corsheaders.middleware.CorsMiddleware",
        "agentplatform.api.bounds.RequestBounds",
        "agentplatform.api.static_files.StaticFiles",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "apps.tenants.api.staff_actor.StaffActor",
        "django.contrib.messages.middleware.MessageMiddleware",
    ),
    addresses="agentplatform.urls",
)
GATEWAY: Final = Parts(
    apps=(
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "agentplatform.apps.GatewayConfig",
        "apps.tenants",
        "apps.gateway",
    ),
    middleware=(
        "agentplatform.telemetry.requests.RequestTelemetry",
        "agentplatform.api.headers.SecurityHeaders",
        "agentplatform.api.scope.RequestScope",
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        "agentplatform.api.bounds.RequestBounds",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ),
    addresses="agentplatform.gateway_urls",
)
"""Of a web process that answers /v1/*, health and metrics alone."""
