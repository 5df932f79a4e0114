"""How many messages wait in the broker's queues."""

from collections.abc import Iterable

from celery import current_app
from kombu.exceptions import ChannelError


def queue_lengths(queues: Iterable[str]) -> dict[str, int]:
    """The messages of each queue that nobody has taken yet; about so many, on SQS. A queue that
    does not exist is empty. Raises the transport's errors when the broker does not answer."""
    with current_app.connection_or_acquire() as connection:
        return {queue: _length(connection.default_channel, queue) for queue in queues}


def count_messages(queues: Iterable[str]) -> int:
    """The same of all of them together."""
    return sum(queue_lengths(queues).values())


def _length(channel: object, queue: str) -> int:
    try:
        found = channel.queue_declare(queue=queue, passive=True)  # type: ignore[attr-defined]
    except ChannelError:
        return 0
    return int(found.message_count)
