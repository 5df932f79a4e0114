"""The clients of AWS of a process; they are safe to use from many threads."""

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_logs import CloudWatchLogsClient


@lru_cache(maxsize=2)
def ecs_client(*, region: str, endpoint_url: str) -> "ECSClient":
    """ECS, by the process's own credentials."""
    client: ECSClient = _client("ecs", region, endpoint_url)
    return client


@lru_cache(maxsize=2)
def logs_client(*, region: str, endpoint_url: str) -> "CloudWatchLogsClient":
    """CloudWatch Logs, the same way."""
    client: CloudWatchLogsClient = _client("logs", region, endpoint_url)
    return client


def _client(service: Any, region: str, endpoint_url: str) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=5,
        read_timeout=30,
        retries={"mode": "standard", "total_max_attempts": 4},
    )
    return boto3.session.Session().client(
        service, region_name=region, endpoint_url=endpoint_url or None, config=config
    )


# A fork would share the parent's connections.
for _cached in (ecs_client, logs_client):
    os.register_at_fork(after_in_child=_cached.cache_clear)
