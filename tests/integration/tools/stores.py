"""Each store, as a test is given it."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from moto.server import ThreadedMotoServer

REGION = "eu-west-1"


@contextmanager
def running_s3() -> Iterator[str]:
    """S3's protocol on 127.0.0.1; yields its address."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    finally:
        server.stop()


def make_bucket(address: str) -> str:
    """A new bucket; its name."""
    name = f"artifacts-{uuid.uuid4().hex[:12]}"
    s3(address).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def s3(address: str):
    return boto3.session.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
    ).client("s3", endpoint_url=address)
