"""The ASGI entry point of the web process."""

import gc
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentplatform.settings.local")

_django = get_asgi_application()

from agentplatform.api.bounds import BodyBounds  # noqa: E402  needs Django to be set up
from agentplatform.core.postgresql.isolation.start import stop_if_weak  # noqa: E402
from apps.gateway.doors.asgi import Door  # noqa: E402

# What is loaded by now stays: looking through it again and again costs a model call a tenth of its
# processor time.
ALLOCATIONS_BETWEEN_COLLECTIONS = 50_000

stop_if_weak()
gc.collect()
gc.freeze()
gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS, 20, 50)

application = Door(BodyBounds(_django))
