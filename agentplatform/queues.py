"""Queues, the tasks they carry and the worker pools that read them: one table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Queue:
    """`tasks` are Celery task names; `pool` is the worker pool (a process) that consumes it."""

    name: str
    pool: str
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class Pool:
    """How a worker process of this pool runs: Celery's pool class (`custom` is our prefork) and its
    concurrency."""

    name: str
    celery_pool: str
    concurrency: int

    @property
    def queues(self) -> tuple[str, ...]:
        return tuple(queue.name for queue in QUEUES if queue.pool == self.name)


POOLS = (
    Pool("steps", celery_pool="custom", concurrency=2),
    Pool("llm", celery_pool="threads", concurrency=32),
    Pool("tools", celery_pool="threads", concurrency=2),
)

QUEUES = (
    Queue(
        "steps",
        pool="steps",
        tasks=(
            "runs.advance_run",
            "runs.execute_step",
            "runs.resume_step",
            "runs.finish_run",
            "runs.cancel_children",
            "runs.give_places",
        ),
    ),
    Queue(
        "system",
        pool="steps",
        tasks=(
            "runs.recover",
            "runs.count_dead_letters",
            "runs.count_waiting",
            "runs.watch_budgets",
            "gateway.expire_reservations",
            "gateway.forget_keys",
            "tenants.tend",
            "tenants.watch_budgets",
            "tenants.purge_expired",
            "tools.ask_for_thumbnails",
            "tools.sweep_artifacts",
        ),
    ),
    Queue("llm", pool="llm", tasks=("gateway.complete",)),
    Queue("tools", pool="tools", tasks=("tools.execute", "tools.make_thumbnail")),
)

TASK_ROUTES = {task: {"queue": queue.name} for queue in QUEUES for task in queue.tasks}
