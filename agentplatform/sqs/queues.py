"""Make the queues on SQS, where no Terraform makes them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

MAX_RECEIVES = 5
"""How often a message is delivered before SQS moves it to its queue's dead letters."""
DAY = 24 * 3600
RETENTION_SECONDS = 4 * DAY
DEAD_RETENTION_SECONDS = 14 * DAY
"""Longer than RETENTION_SECONDS, for the age of a message goes on counting when it is moved."""
LONG_POLL_SECONDS = 20
"""What a queue does for a reader that does not say how long it waits: SQS's longest."""


def create_queues(
    client: Any, *, names: Iterable[str], prefix: str, visibility_seconds: int
) -> dict[str, str]:
    """Make each queue with its dead letters, or change those that exist to what is wanted.

    `client` is a boto3 client of SQS. Returns the addresses by name.
    """
    urls = {}
    for name in names:
        dead = _ensure(
            client,
            dead_letters_of(prefix + name),
            {"MessageRetentionPeriod": DEAD_RETENTION_SECONDS},
        )
        redrive = {"deadLetterTargetArn": _arn(client, dead), "maxReceiveCount": MAX_RECEIVES}
        urls[name] = _ensure(
            client,
            prefix + name,
            {
                "VisibilityTimeout": visibility_seconds,
                "MessageRetentionPeriod": RETENTION_SECONDS,
                "ReceiveMessageWaitTimeSeconds": LONG_POLL_SECONDS,
                "RedrivePolicy": json.dumps(redrive),
            },
        )
    return urls


def find_weaknesses(client: Any, url: str, *, visibility_seconds: int) -> dict[str, str]:
    """What of a queue, however it was made, differs from what the platform counts on."""
    names = ["VisibilityTimeout", "DelaySeconds", "RedrivePolicy"]
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    weak = {}
    if int(found.get("VisibilityTimeout", 0)) < visibility_seconds:
        weak["VisibilityTimeout"] = f"{found.get('VisibilityTimeout')}, below {visibility_seconds}"
    if int(found.get("DelaySeconds", 0)):
        weak["DelaySeconds"] = f"{found['DelaySeconds']}, above 0"
    if "RedrivePolicy" not in found:
        weak["RedrivePolicy"] = "none: a message that kills its worker comes back for 4 days"
    return weak


def dead_letters_of(queue: str) -> str:
    """The name of the queue that takes what `queue` could not get rid of."""
    return f"{queue}-dead"


def _ensure(client: Any, name: str, attributes: Mapping[str, object]) -> str:
    wanted = {key: str(value) for key, value in attributes.items()}
    try:
        url: str = client.get_queue_url(QueueName=name)["QueueUrl"]
    except client.exceptions.QueueDoesNotExist:
        return str(client.create_queue(QueueName=name, Attributes=wanted)["QueueUrl"])
    client.set_queue_attributes(QueueUrl=url, Attributes=wanted)
    return url


def _arn(client: Any, url: str) -> str:
    answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])
