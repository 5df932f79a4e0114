"""A worker that starts looks at its queues, and says what is wrong with them."""

from typing import Any

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from kombu.transport.SQS.exceptions import UndefinedQueueException

from agentplatform.sqs.queues import find_weaknesses

log = structlog.get_logger("sqs")


def look_at_queues(consumer: Any) -> None:
    """Those that this consumer of a worker takes from SQS. Logs; never fails."""
    try:
        with consumer.app.connection_for_read() as connection:
            channel = connection.default_channel
            for name in consumer.app.amqp.queues.consume_from:
                weak = find_weaknesses(
                    channel.sqs(queue=channel.canonical_queue_name(name)),
                    channel._new_queue(name),
                    visibility_seconds=settings.PLATFORM.broker_visibility_seconds,
                )
                if weak:
                    log.warning("sqs.queue_weak", queue=name, **weak)
    except (BotoCoreError, ClientError, UndefinedQueueException) as error:
        log.warning("sqs.queues_unseen", reason=str(error)[:500])
