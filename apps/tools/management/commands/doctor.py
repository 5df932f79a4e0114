"""`manage.py doctor`: what this machine can hold safely."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.tools.services.examine_machine import examine_machine

NEEDED_FOR_CODE = "sandbox"
_WIDTH = 32


class Command(BaseCommand):
    """Exits with 1 when untrusted code cannot run here."""

    help = "Say which guarantees this machine gives to tool calls, and what to install."

    def handle(self, *_: Any, **__: Any) -> None:
        findings = examine_machine()
        for finding in findings:
            word = self.style.SUCCESS("ok") if finding.is_ok else self.style.ERROR("missing")
            self.stdout.write(f"{finding.subject:{_WIDTH}} {word:8} {finding.detail}")
        if not all(finding.is_ok for finding in findings if finding.subject == NEEDED_FOR_CODE):
            raise CommandError("The code tool cannot run on this machine.")
