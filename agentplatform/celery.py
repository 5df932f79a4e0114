"""The Celery application: Django's settings, queues.py, schedule.py, SQS or Valkey as broker."""

import os
from typing import Any

from celery import Celery
from celery.signals import (
    beat_init,
    setup_logging,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutting_down,
)
from kombu import Queue as KombuQueue
from kombu.transport import TRANSPORT_ALIASES

from agentplatform.core.drain import start_drain
from agentplatform.core.postgresql.isolation.start import stop_if_weak
from agentplatform.dead_letters import redis_transport
from agentplatform.queues import QUEUES
from agentplatform.schedule import BEAT_SCHEDULE
from agentplatform.settings.environment import Environment
from agentplatform.settings.live import start_following
from agentplatform.sqs.options import sqs_options

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentplatform.settings.local")
TRANSPORT_ALIASES["sqs"] = "agentplatform.sqs.transport:Transport"
redis_transport.install()


def transport_options(platform: Environment, *, broker_url: str) -> dict[str, Any]:
    """What the broker's transport needs beyond its address."""
    if broker_url.startswith("sqs:"):
        return sqs_options(
            visibility_seconds=platform.broker_visibility_seconds,
            wait_seconds=platform.sqs_wait_seconds,
            prefix=platform.sqs_queue_prefix,
            region=platform.aws_region,
            queue_urls=platform.queue_urls,
        )
    return {"visibility_timeout": platform.broker_visibility_seconds}


def make_app() -> Celery:
    """The application that workers, beat and Flower run on."""
    from django.conf import settings

    application = Celery("agentplatform")
    application.config_from_object("django.conf:settings", namespace="CELERY")
    application.conf.task_queues = [KombuQueue(queue.name) for queue in QUEUES]
    application.conf.broker_transport_options = transport_options(
        settings.PLATFORM, broker_url=settings.CELERY_BROKER_URL
    )
    application.conf.beat_schedule = BEAT_SCHEDULE
    application.autodiscover_tasks()
    return application


@setup_logging.connect
def _log_as_json(**_: object) -> None:
    """Celery leaves logging to Django's settings when this signal has a receiver."""


worker_init.connect(stop_if_weak)
beat_init.connect(stop_if_weak)


@worker_init.connect
@beat_init.connect
def _count_process(**_: object) -> None:
    from django.conf import settings

    from agentplatform.telemetry.metrics import count_process

    count_process(settings.PLATFORM.service)


@worker_ready.connect
def _look_at_queues(sender: Any, **_: object) -> None:
    if sender.app.conf.broker_url.startswith("sqs:"):
        from agentplatform.sqs.look import look_at_queues  # the SDK takes 7 MB and half a second

        look_at_queues(sender)


@worker_ready.connect
def _prove_sandbox(sender: Any, **_: object) -> None:
    if "tools" in sender.app.amqp.queues.consume_from:
        from apps.tools.facade import prove_sandbox

        prove_sandbox()


@worker_process_init.connect
def _follow_settings(**_: object) -> None:
    start_following()


@worker_shutting_down.connect
def _drain(**_: object) -> None:
    from django.conf import settings

    start_drain(seconds=settings.PLATFORM.drain_seconds)


@worker_process_shutdown.connect
def _end_telemetry(pid: int, **_: object) -> None:
    """A child of a worker leaves without what Python does at its end."""
    from agentplatform.telemetry.metrics import mark_process_dead
    from agentplatform.telemetry.tracing import stop_tracing

    mark_process_dead(pid)
    stop_tracing()


app = make_app()
