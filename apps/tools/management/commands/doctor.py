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
            word = f"{finding.verdict:8}"
            if finding.verdict != "unused":
                style = self.style.SUCCESS if finding.verdict == "ok" else self.style.ERROR
                word = style(word)
            self.stdout.write(f"{finding.subject:{_WIDTH}} {word} {finding.detail}")
        if any(one.subject == NEEDED_FOR_CODE and one.verdict != "ok" for one in findings):
            raise CommandError("The code tool cannot run on this machine.")
