"""Runs, and what could not be worked on, in the admin."""

from apps.runs.admin import dead_letter, run

__all__ = ["dead_letter", "run"]
