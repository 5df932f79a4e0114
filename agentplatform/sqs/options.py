"""What Celery needs to know of SQS beyond `sqs://`."""

from collections.abc import Mapping
from typing import Any

POLLING_SECONDS = 0.02
"""A worker whose hands are full looks this often whether one is free. At 0 it would spin."""
CONNECTIONS = 40
"""As many as threads of a worker may talk to SQS at once."""


def sqs_options(
    *,
    visibility_seconds: int,
    wait_seconds: int,
    prefix: str,
    region: str,
    queue_urls: Mapping[str, str],
) -> dict[str, Any]:
    """Celery's broker_transport_options. With `queue_urls` no queue is looked up or created;
    without, they are found by their prefix, and created when missing."""
    options = {
        "visibility_timeout": visibility_seconds,
        "wait_time_seconds": wait_seconds,
        "polling_interval": POLLING_SECONDS,
        "region": region,
        "client-config": {
            "connect_timeout": 3,
            "read_timeout": wait_seconds + 5,
            "retries": {"mode": "standard", "total_max_attempts": 2},
            "max_pool_connections": CONNECTIONS,
        },
    }
    if queue_urls:
        return options | {"predefined_queues": {n: {"url": u} for n, u in queue_urls.items()}}
    return options | {"queue_name_prefix": prefix}
