"""What every profile shares. A profile imports this and changes a few lines."""

import gc
import os
from pathlib import Path

from agentplatform.queues import TASK_ROUTES
from agentplatform.settings.databases import databases
from agentplatform.settings.environment import ROOT, read_environment
from agentplatform.settings.live import follow_secret
from agentplatform.settings.parts import EVERYTHING, GATEWAY

# To look through what is loaded again and again would cost a fifth of a process's start and a tenth
# of a model call's processor time.
_ALLOCATIONS_BETWEEN_COLLECTIONS = 50_000
gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS, 20, 50)

ENV = read_environment()
for _name, _value in ENV.for_libraries.items():  # they read the process environment alone
    os.environ.setdefault(_name, _value)

SECRET_KEY = ENV.secret_key.get_secret_value()
SECRET_KEY_FALLBACKS = ENV.fallback_secret_keys
DEBUG = False
ALLOWED_HOSTS = [host.strip() for host in ENV.allowed_hosts.split(",") if host.strip()]
ASGI_APPLICATION = "agentplatform.asgi.application"
WSGI_APPLICATION = "agentplatform.wsgi.application"

PARTS = GATEWAY if ENV.gateway_only else EVERYTHING
INSTALLED_APPS = [*PARTS.apps]
MIDDLEWARE = [*PARTS.middleware]
ROOT_URLCONF = PARTS.addresses
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = databases(ENV)
DATABASE_ROUTERS = ["agentplatform.core.postgresql.router.ScopeRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "tenants.User"
# An address is unique within a tenant; UserManager.get_by_natural_key finds staff alone.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = ["apps.tenants.services.staff_backend.StaffBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("MinimumLengthValidator", {"min_length": 12}),
        ("UserAttributeSimilarityValidator", {"user_attributes": ("email",)}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # verified, and then hashed anew
]
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CORS_ALLOWED_ORIGINS = [one.strip() for one in ENV.cors_allowed_origins.split(",") if one.strip()]
CORS_URLS_REGEX = r"^/api/" if CORS_ALLOWED_ORIGINS else r"(?!)"  # the second one matches nothing
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
CORS_ALLOW_HEADERS = ["authorization", "content-type", "idempotency-key", "traceparent"]
CORS_EXPOSE_HEADERS = ["Retry-After", "X-Request-ID"]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
FORMAT_MODULE_PATH = ["agentplatform.formats"]

STATIC_URL = "/static/"
STATIC_ROOT: Path | None = ROOT / ".data" / "static"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.tenants.api.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.tenants.api.permissions.HasRight"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["agentplatform.api.parsers.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "agentplatform.api.pagination.NewestFirst",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "agentplatform.api.exceptions.render_problem",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Agent Platform",
    "DESCRIPTION": "Run AI agents in production: durably, under budget, in isolation, observably.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "Right": "apps.tenants.states.RIGHTS_OF_TENANTS",
        "Role": "apps.tenants.models.User.Role",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "agentplatform.api.schema.add_problems",
        "agentplatform.api.schema.let_json_be_null",
    ],
    "TAGS": [
        {"name": "me", "description": "Who makes the request, and what they may do."},
        {"name": "tenant", "description": "Your tenant: its settings, budgets and their use."},
        {"name": "users", "description": "People of the tenant."},
        {"name": "api-keys", "description": "Keys: made, rotated, revoked."},
        {"name": "models", "description": "Names that stand for models; own keys of providers."},
        {"name": "secrets", "description": "Secrets: set and deleted, never shown."},
        {"name": "alerts", "description": "What somebody should look at."},
        {"name": "rate-limits", "description": "How fast users and keys may call models."},
        {"name": "audit", "description": "Who changed what."},
        {"name": "tasks", "description": "Task definitions and their versions."},
        {"name": "runs", "description": "Runs of a task: start, follow, cancel."},
        {"name": "budgets", "description": "How much users, keys and runs may use."},
        {"name": "usage", "description": "What model calls used, summed up."},
        {"name": "tools", "description": "What tools there are, their calls, limits and secrets."},
        {"name": "mcp-servers", "description": "Servers whose tools steps and agents may call."},
        {"name": "egress", "description": "What tool calls may reach, and what they asked for."},
        {"name": "artifacts", "description": "Files that go into a run or come out of one."},
    ],
}
UNFOLD = {
    "SITE_TITLE": "Agent Platform",
    "SITE_HEADER": "Agent Platform",
    "SITE_SYMBOL": "hub",
    "SHOW_VIEW_ON_SITE": False,
    "LOGIN": {"form": "agentplatform.api.sign_in.SignInForm"},
}
LOGGING_CONFIG = "agentplatform.telemetry.logging.configure"
LOGGING = {"service": ENV.service, "level": ENV.log_level}

REDIS_URL = ENV.redis_url
CELERY_BROKER_URL = ENV.broker_url or ENV.redis_url
CELERY_RESULT_BACKEND = f"agentplatform.core.chord_join:ChordJoin+{ENV.redis_url}"
CELERY_TASK_DEFAULT_QUEUE = "steps"
CELERY_TASK_ROUTES = TASK_ROUTES
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_RESULT_EXPIRES = 3600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONSUMER = "agentplatform.dead_letters.consumer:Consumer"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False  # Flower asks for them while it watches
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_DB_REUSE_MAX = 1000
CELERY_ENABLE_UTC = True

PLATFORM = follow_secret(ENV)
