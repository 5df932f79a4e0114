"""Production: nothing has a default that would be unsafe."""

import os

from agentplatform.core import kill_points
from agentplatform.settings.base import *
from agentplatform.settings.refuse import refuse

if not SECRET_KEY:
    refuse("Set SECRET_KEY to 50 random characters or more.")
if not ENV.encryption_keys:
    refuse(
        "Set ENCRYPTION_KEYS to what `manage.py make_encryption_key` prints on a machine with "
        "local settings."
    )
if kill_points.SETTING in os.environ:
    refuse(f"Unset {kill_points.SETTING}: it lets processes die, for tests.")

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^health"]
