"""Celery's prefork pool, quick to replace a child that died: what `--pool custom` means, as
agentplatform.worker starts Celery."""

import gc
from collections.abc import Callable
from typing import Any

from celery.concurrency.asynpool import AsynPool
from celery.concurrency.prefork import TaskPool as PreforkPool

LOOK_SECONDS = 0.5


class Pool(AsynPool):
    """Celery collects garbage before each fork, which takes ten times as long as the fork, and is
    not told of every death; it looks for the dead every five seconds."""

    maintain_pool: Callable[[], None]
    _pool: list[Any]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        gc.collect()
        gc.freeze()  # what was imported stays for ever: no collection need look at it again
        super().__init__(*arguments, **options)

    def did_start_ok(self) -> bool:
        """With one child alive the others are replaced; Celery would end the worker for any that
        died before it listened to its queues."""
        return any(child.exitcode is None for child in self._pool)

    @property
    def timers(self) -> dict[Callable[[], None], float]:
        return {self.maintain_pool: LOOK_SECONDS}


class TaskPool(PreforkPool):
    """A worker's children."""

    Pool = Pool
