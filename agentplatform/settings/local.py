"""One machine: the embedded stack of `make run`, and a developer's shell."""

from agentplatform.settings.base import *

DEBUG = False
WHITENOISE_USE_FINDERS = True
STATIC_ROOT = None
SECRET_KEY = SECRET_KEY or "local-only-" + "0" * 40
