"""Is this process alive, and could it serve a request?"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from typing import Any, Literal

import redis
import structlog
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from agentplatform.core.postgresql.isolation.start import require_isolation

log = structlog.get_logger("health")

Probe = Callable[[], None]
State = Literal["ok", "down"]
DEADLINE_SECONDS = 2

_threads = ThreadPoolExecutor(max_workers=12, thread_name_prefix="health")


class NotMigrated(Exception):
    """The database lacks migrations of this release."""


def check_database() -> None:
    """One query, on the pool that requests use."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


def check_migrations() -> None:
    """Raises NotMigrated until every migration is applied; asks no more after that."""
    try:
        _migrated()
    finally:
        connection.close()


@cache
def _migrated() -> None:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise NotMigrated(f"{len(missing)} migrations are not applied; run `manage.py migrate`")


def check_isolation() -> None:
    """Raises WeakIsolation until the database keeps tenants apart; asks no more after that. What is
    not migrated yet cannot be judged."""
    check_migrations()
    _isolated()


@cache
def _isolated() -> None:
    require_isolation()


def check_redis() -> None:
    """One PING."""
    with redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=DEADLINE_SECONDS,
        socket_connect_timeout=DEADLINE_SECONDS,
    ) as client:
        client.ping()


def check_broker() -> None:
    """One question to where tasks are sent: how long is a queue."""
    from celery import current_app  # a gateway process sends none, and is 10 MB smaller without it
    from kombu import Connection

    with Connection(
        settings.CELERY_BROKER_URL,
        connect_timeout=DEADLINE_SECONDS,
        transport_options=current_app.conf.broker_transport_options,
    ) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=DEADLINE_SECONDS)
        channel: Any = broker.default_channel
        channel.queue_declare(settings.CELERY_TASK_DEFAULT_QUEUE)


PROBES: dict[str, Probe] = {
    "database": check_database,
    "migrations": check_migrations,
    "isolation": check_isolation,
    "redis": check_redis,
    "broker": check_broker,
}


def readiness(
    probes: dict[str, Probe] | None = None, *, deadline_seconds: float = DEADLINE_SECONDS
) -> dict[str, State]:
    """The state of each part. All are asked at once; who has not answered in time is down."""
    asked = {name: _threads.submit(probe) for name, probe in (probes or _probes()).items()}
    done, late = wait(asked.values(), timeout=deadline_seconds)
    for future in late:
        future.cancel()
    return {name: _state(name, future, done) for name, future in asked.items()}


def _probes() -> dict[str, Probe]:
    if not settings.PLATFORM.gateway_only:
        return PROBES
    return {name: probe for name, probe in PROBES.items() if name != "broker"}


def _state(name: str, future: "Future[None]", done: "set[Future[None]]") -> State:
    error = future.exception() if future in done else TimeoutError("no answer in time")
    if error is None:
        return "ok"
    log.warning("health.part_down", part=name, error=str(error))
    return "down"
