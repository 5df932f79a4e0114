"""The door of runs for other code: start and cancel."""

from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.create_run import create_run
from apps.runs.services.save_task import create_task

__all__ = ["cancel_run", "create_run", "create_task"]
