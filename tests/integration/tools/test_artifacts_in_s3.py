"""Calls whose files lie in S3."""

from io import BytesIO

import pytest

from agentplatform.core.clock import now
from agentplatform.core.errors import NotFound
from agentplatform.core.transactions import transaction
from apps.tools import facade
from apps.tools.models import Artifact
from apps.tools.services.execute_call import execute_call
from apps.tools.services.remove_artifacts import remove_artifacts
from apps.tools.services.sweep_artifacts import GRACE, sweep_artifacts
from apps.tools.stores.chosen import artifact_store
from apps.tools.stores.s3 import SMALL_BYTES
from tests.integration.tools.stores import REGION, make_bucket, running_s3, s3

COPY = """
import os
with open("/box/inputs/in.bin", "rb") as file:
    content = file.read()
open("artifacts/copy.bin", "wb").write(content + content)
open("artifacts/small.txt", "w").write(str(len(content)))
print(len(content))
"""


@pytest.fixture(scope="module")
def address():
    with running_s3() as address:
        yield address


@pytest.fixture
def bucket(address, settings, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    name = make_bucket(address)
    changes = {
        "artifact_store": "s3",
        "artifact_bucket": name,
        "artifact_endpoint_url": address,
        "aws_region": REGION,
    }
    settings.PLATFORM = settings.PLATFORM.model_copy(update=changes)
    return name


def upload(tenant, content):
    ref = facade.store_artifact(
        tenant_id=tenant.id, name="in.bin", content=BytesIO(content), at=now()
    )
    return str(ref.artifact_id)


def run(call):
    execute_call(call_id=call.id, clock=now)
    call.refresh_from_db()
    return call


def keys(tenant):
    return {one.name for one in artifact_store().contents(tenant.id)}


def content_of(row):
    file = artifact_store().open(row.sha256, tenant_id=row.tenant_id)
    try:
        return file.read()
    finally:
        file.close()


def test_a_program_reads_an_input_and_leaves_files(bucket, tenant, plan_call):
    content = bytes(range(256)) * (SMALL_BYTES // 256)
    files = {"in.bin": upload(tenant, content)}
    call = run(plan_call(arguments={"program": COPY, "files": files}))
    assert (call.status, call.response["value"]) == ("SUCCESS", SMALL_BYTES)
    left = {row.name: row for row in Artifact.objects.filter(call_id=call.id)}
    assert content_of(left["copy.bin"]) == content * 2
    assert content_of(left["small.txt"]) == str(SMALL_BYTES).encode()
    assert keys(tenant) == {row.sha256 for row in Artifact.objects.all()}


def test_the_calls_of_a_session_share_a_folder(bucket, make_plan, plan_call):
    place = {name: getattr(make_plan(), name) for name in ("run_id", "step_id")}
    first = {"program": "open('kept.txt', 'w').write('x' * 2_000_000)", "session": "s"}
    second = {"program": "print(len(open('kept.txt').read()))", "session": "s"}
    run(plan_call(arguments=first, **place, index=0))
    call = run(plan_call(arguments=second, **place, index=1))
    assert (call.status, call.response["value"]) == ("SUCCESS", 2_000_000)


def test_content_goes_with_its_last_artifact(bucket, tenant):
    ids = [upload(tenant, b"same") for _ in range(2)]
    for artifact_id, left in zip(ids, (1, 0), strict=True):
        with transaction():
            remove_artifacts(Artifact.objects.filter(id=artifact_id), tenant_id=tenant.id)
        assert len(keys(tenant)) == left


def test_what_no_artifact_names_is_swept(bucket, tenant):
    artifact_id = upload(tenant, b"left")
    Artifact.objects.filter(id=artifact_id).delete()
    assert sweep_artifacts(at=now()) == 0
    assert sweep_artifacts(at=now() + 2 * GRACE) == 1
    assert keys(tenant) == set()


def test_a_call_whose_files_s3_does_not_take_fails_and_may_be_retried(
    bucket, address, tenant, plan_call
):
    s3(address).delete_bucket(Bucket=bucket)
    call = run(plan_call(arguments={"program": "open('artifacts/a', 'w').close()"}))
    assert (call.status, call.error["code"]) == ("FAILED", "store_unavailable")
    assert call.error["is_retryable"]
    assert not Artifact.objects.exists()
    with pytest.raises(NotFound):
        facade.open_artifact(tenant_id=tenant.id, artifact_id=call.id)
