"""`manage.py create_queues`: the queues on SQS, where no Terraform makes them."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from agentplatform.celery import app
from agentplatform.queues import QUEUES
from agentplatform.sqs.queues import create_queues


class Command(BaseCommand):
    """Harmless when repeated: it makes what is missing and sets what differs."""

    help = (
        "Make each queue with its dead letters on SQS, their names prefixed by SQS_QUEUE_PREFIX."
        " Prints what SQS_QUEUE_URLS takes."
    )
    requires_system_checks = ()

    def handle(self, *_: Any, **__: Any) -> None:
        if not app.conf.broker_url.startswith("sqs:"):
            raise CommandError("The broker is not SQS: set BROKER_URL=sqs://.")
        if settings.PLATFORM.queue_urls:
            raise CommandError("SQS_QUEUE_URLS names queues that are made elsewhere: unset it.")
        try:
            with app.connection_for_write() as connection:
                channel: Any = connection.default_channel
                urls = create_queues(
                    channel.sqs(),
                    names=[queue.name for queue in QUEUES],
                    prefix=settings.PLATFORM.sqs_queue_prefix,
                    visibility_seconds=settings.PLATFORM.broker_visibility_seconds,
                )
        except (BotoCoreError, ClientError) as error:
            raise CommandError(f"The queues could not be made: {error}") from error
        self.stdout.write(",".join(f"{name}={url}" for name, url in urls.items()))
