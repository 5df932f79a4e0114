"""`python -m agentplatform.worker steps`: a Celery worker of one pool of queues.py."""

import os
import sys

from agentplatform.queues import POOLS, Pool

CELERY_ENVIRONMENT = {
    "CELERY_CUSTOM_WORKER_POOL": "agentplatform.prefork:TaskPool",
    "CELERY_SKIP_CHECKS": "true",
}
"""Tells Celery what `--pool custom` means, and to start without Django's checks, which would load
every page: `manage.py check` is for a release, and isolation is looked at by itself."""


def celery_arguments(pool: Pool, *, concurrency: int | None = None) -> list[str]:
    """Celery's command line for a worker of this pool."""
    return [
        *("-A", "celery_app", "worker"),
        *("--hostname", f"{pool.name}@%h"),
        *("--pool", pool.celery_pool),
        *("--concurrency", str(concurrency or pool.concurrency)),
        *("--queues", ",".join(pool.queues)),
        *("--without-gossip", "--without-mingle", "--loglevel", "INFO"),
    ]


def main() -> None:
    """Become the worker. An optional second argument is the concurrency."""
    pools = {pool.name: pool for pool in POOLS}
    name, *rest = sys.argv[1:] or [""]
    if name not in pools or len(rest) > 1 or not all(word.isdigit() for word in rest):
        known = "|".join(pools)
        sys.exit(f"usage: python -m agentplatform.worker {known} [CONCURRENCY]")
    concurrency = int(rest[0]) if rest else None
    os.environ.setdefault("SERVICE", name)
    os.environ.update(CELERY_ENVIRONMENT)
    command = [sys.executable, "-m", "celery"]
    command += celery_arguments(pools[name], concurrency=concurrency)
    os.execv(sys.executable, command)  # noqa: S606


if __name__ == "__main__":
    main()
