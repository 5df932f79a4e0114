"""An emulator of AWS with what the operator has made there: a bucket, a cluster, a definition."""

import uuid
from types import SimpleNamespace

import boto3
import pytest
from moto.server import ThreadedMotoServer

REGION = "eu-west-1"


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    server.stop()


@pytest.fixture(scope="module")
def aws(endpoint):
    """`aws("ecs")`: a client, as the worker has it."""

    def client(service):
        session = boto3.session.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
        )
        return session.client(service, endpoint_url=endpoint)

    return client


@pytest.fixture(scope="module")
def place(aws):
    """The names of all that there is."""
    name = f"sandbox-{uuid.uuid4().hex[:8]}"
    aws("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    ecs, ec2 = aws("ecs"), aws("ec2")
    ecs.create_cluster(clusterName=name)
    subnet = ec2.describe_subnets()["Subnets"][0]
    group = ec2.create_security_group(GroupName=name, Description="tasks", VpcId=subnet["VpcId"])
    return SimpleNamespace(
        bucket=name,
        cluster=name,
        definition=define(ecs, name),
        subnet=subnet["SubnetId"],
        security_group=group["GroupId"],
        log_group=f"/{name}",
    )


def define(ecs, family, **changes):
    """A task definition as docs/operations.md asks for it."""
    container = {"name": "sandbox", "image": "agentplatform", "memory": 3072}
    container |= changes.pop("container", {})
    wanted = {
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "1024",
        "memory": "3072",
        **changes,
    }
    ecs.register_task_definition(family=family, containerDefinitions=[container], **wanted)
    return family
