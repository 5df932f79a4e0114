"""Celery by itself, in the peers' environment: `python -m celery -A tasks worker` is the
worker, `python tasks.py` its client.

The client reads orders: `send N` puts N tasks on the queue, `chain N` runs N chains of STEPS tasks
one after the other, each until its result is there; the median of their milliseconds is printed.
"""

import os
import statistics
import sys
import time

import django
from celery import Celery, chain
from django.conf import settings
from django.core.management import call_command

STEPS = 10
LOOK_SECONDS = 0.001
BACKEND = os.environ["BENCH_BACKEND"]

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["PGDATABASE"],
            "CONN_MAX_AGE": None,
        }
    },
    INSTALLED_APPS=["django_celery_results"],
    CELERY_BROKER_URL=os.environ["BENCH_BROKER"],
    CELERY_RESULT_BACKEND=BACKEND,
    CELERY_DB_REUSE_MAX=100_000,
    CELERY_WORKER_PREFETCH_MULTIPLIER=16,
    CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP=True,
    USE_TZ=True,
)
django.setup()
app = Celery("bench")
app.config_from_object("django.conf:settings", namespace="CELERY")


@app.task(name="noop")
def noop() -> None:
    return None


def run_chain() -> float:
    began = time.perf_counter()
    chain(*(noop.si() for _ in range(STEPS))).apply_async().get(interval=LOOK_SECONDS)
    return (time.perf_counter() - began) * 1000


def main() -> None:
    if BACKEND == "django-db":
        call_command("migrate", verbosity=0)
    print("ready", flush=True)
    for line in sys.stdin:
        order, count = line.split()
        if order == "send":
            for _ in range(int(count)):
                noop.apply_async()
            print("sent", flush=True)
        else:
            print(statistics.median(run_chain() for _ in range(int(count))), flush=True)


if __name__ == "__main__":
    main()
