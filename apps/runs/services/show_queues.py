"""Show how much waits in the queues."""

from agentplatform.core.queue_lengths import queue_lengths
from agentplatform.queues import QUEUES
from agentplatform.telemetry.metrics import SQS_MESSAGES_VISIBLE


def show_queues() -> None:
    """Set the gauge of the messages that wait, of each queue. Asks the broker alone, and raises its
    transport's errors when it does not answer."""
    for name, length in queue_lengths(queue.name for queue in QUEUES).items():
        SQS_MESSAGES_VISIBLE.labels(name).set(length)
