"""`manage.py make_encryption_key`: a new key for ENCRYPTION_KEYS."""

import secrets
from typing import Any

from django.core.management.base import BaseCommand

from agentplatform.core.clock import now
from agentplatform.core.key_ring import render_key


class Command(BaseCommand):
    help = "Print a new random key for ENCRYPTION_KEYS."
    requires_system_checks = ()

    def handle(self, **_options: Any) -> None:
        self.stdout.write(render_key(f"k{now():%Y%m%d}-{secrets.token_hex(2)}"))
