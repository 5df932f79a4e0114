"""One client of S3 a process: it is safe to use from many threads."""

import os
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

AT_ONCE = 16
"""Requests that one process has under way at most, before others wait for a connection."""


@lru_cache(maxsize=4)
def s3_client(*, region: str, endpoint_url: str) -> "S3Client":
    """A client of S3, or of what speaks its protocol at `endpoint_url`, by the process's own
    credentials."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=5,
        read_timeout=30,
        retries={"mode": "standard", "total_max_attempts": 3},
        signature_version="s3v4",
        max_pool_connections=AT_ONCE,
        s3={"addressing_style": "path"} if endpoint_url else {},
    )
    session = boto3.session.Session()
    client: S3Client = session.client(
        "s3", region_name=region, endpoint_url=endpoint_url or None, config=config
    )
    return client


# A fork would share the parent's connections.
os.register_at_fork(after_in_child=s3_client.cache_clear)
