"""Seeing that runs are over, as cheaply as it can be seen: their rows are asked."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg

from agentplatform.core.wait import wait_for

COMPLETED = "completed_at"
FINALIZED = "finalized_at"
"""The work that follows a run's end is done too."""

_OPEN = "select count(*) from runs where id = any(%s) and {} is null"
_FAILED = "select id, status, error from runs where id = any(%s) and status <> 'COMPLETED'"


class RunsFailed(RuntimeError):
    """Runs of the bench ended otherwise than they should: nothing was measured."""


def wait_for_runs(
    database: "psycopg.Connection[Any]",
    runs: Sequence[UUID],
    *,
    every_seconds: float,
    until: str = COMPLETED,
    timeout_seconds: float = 120.0,
) -> None:
    """Until all are over. Raises RunsFailed for one that is not COMPLETED, and TimeoutError."""
    ids = list(runs)
    wait_for(
        lambda: _count(database, ids, until) == 0,
        timeout_seconds=timeout_seconds,
        every_seconds=every_seconds,
        what=f"{len(ids)} runs to be over",
    )
    if failed := database.execute(_FAILED, [ids]).fetchall():
        raise RunsFailed(f"{len(failed)} of {len(ids)} runs did not complete: {failed[:3]}")


def _count(database: "psycopg.Connection[Any]", ids: list[UUID], until: str) -> int:
    row = database.execute(_OPEN.format(until).encode(), [ids]).fetchone()
    assert row is not None
    return int(row[0])
