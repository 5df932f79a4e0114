"""`manage.py cancel_run RUN_ID`: cancel a run in flight."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from agentplatform.core.clock import now
from agentplatform.core.command import PlatformCommand
from apps.runs.facade import cancel_run
from apps.runs.models import Run


class Command(PlatformCommand):
    help = "Cancel a run: its queued calls never start, a running tool call is killed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run_id", type=UUID)

    def handle(self, *_: Any, run_id: UUID, **__: Any) -> None:
        try:
            cancel_run(run_id=run_id, at=now())
        except Run.DoesNotExist:
            raise CommandError(f"There is no run {run_id}.") from None
        self.stdout.write(f"Run {run_id} is CANCELLED.")
