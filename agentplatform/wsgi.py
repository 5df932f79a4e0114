"""The WSGI entry point of the web process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentplatform.settings.local")

application = get_wsgi_application()

from agentplatform.core.postgresql.isolation.start import stop_if_weak  # noqa: E402  needs Django

stop_if_weak()
