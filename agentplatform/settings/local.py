"""One machine: the embedded stack of `make run`, and a developer's shell."""

from agentplatform.settings.base import *

DEBUG = False
SECRET_KEY = SECRET_KEY or "local-only-" + "0" * 40
