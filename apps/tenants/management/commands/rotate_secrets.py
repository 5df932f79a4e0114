"""`manage.py rotate_secrets`: encrypt what is encrypted with an older key under the first one."""

from typing import Any

from django.core.management.base import CommandError

from agentplatform.core.clock import now
from agentplatform.core.command import PlatformCommand
from agentplatform.core.key_ring import key_ring
from apps.tenants.services.rotate_secrets import rotate_secrets


class Command(PlatformCommand):
    help = "Encrypt the secrets of tenants under the first of ENCRYPTION_KEYS. Harmless twice."

    def handle(self, *_: Any, **__: Any) -> None:
        result = rotate_secrets(at=now())
        self.stdout.write(f"Encrypted anew with the key {key_ring()[0].id}: {result.rotated}.")
        if result.failed:
            raise CommandError(
                f"Secrets that cannot be read: {result.failed}; the log says which and why "
                "(secret.unreadable)."
            )
