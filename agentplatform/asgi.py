"""The ASGI entry point of the web process."""

import gc
import os

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentplatform.settings.local")

_django = get_asgi_application()

from agentplatform.api.bounds import BodyBounds  # noqa: E402  needs Django to be set up
from agentplatform.core.postgresql.isolation.start import stop_if_weak  # noqa: E402
from agentplatform.telemetry.metrics import count_process  # noqa: E402
from apps.gateway.doors.asgi import Door  # noqa: E402

stop_if_weak()
count_process(settings.PLATFORM.service)
gc.collect()
gc.freeze()  # what is loaded by now stays for ever: no collection need look at it again

application = Door(BodyBounds(_django))
