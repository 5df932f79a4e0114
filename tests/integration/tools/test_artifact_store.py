"""Files kept by the hash of their content."""

import hashlib
import uuid
from io import BytesIO

import pytest

from agentplatform.core.clock import now
from agentplatform.core.errors import NotFound, TooLarge
from apps.tools import facade


def store(tenant, content=b"a,b\n", name="a.csv", **more):
    return facade.store_artifact(
        tenant_id=tenant.id, name=name, content=BytesIO(content), at=now(), **more
    )


def test_a_file_comes_back_as_it_went_in(tenant):
    content = bytes(range(256)) * 5000
    ref = store(tenant, content, name="x.bin")
    assert (ref.size_bytes, ref.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    found, file = facade.open_artifact(tenant_id=tenant.id, artifact_id=ref.artifact_id)
    with file:
        assert file.read() == content
    assert found == ref


def test_a_path_can_be_stored(tenant, tmp_path):
    (tmp_path / "in.csv").write_text("a")
    ref = facade.store_artifact(
        tenant_id=tenant.id, name="in.csv", content=tmp_path / "in.csv", at=now()
    )
    assert ref.size_bytes == 1


def test_the_same_content_is_kept_once_for_a_tenant(tenant, other_tenant, artifact_folder):
    first, second = store(tenant), store(tenant)
    store(other_tenant)
    assert first.artifact_id != second.artifact_id
    assert len(list((artifact_folder / str(tenant.id)).iterdir())) == 1
    assert len(list((artifact_folder / str(other_tenant.id)).iterdir())) == 1


def test_a_file_over_the_limit_leaves_nothing(tenant, artifact_folder, settings):
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"artifact_upload_limit_bytes": 10})
    assert store(tenant, b"x" * 10).size_bytes == 10
    with pytest.raises(TooLarge, match="larger than 10 bytes"):
        store(tenant, b"x" * 11)
    assert len(list((artifact_folder / str(tenant.id)).iterdir())) == 1


def test_an_empty_file_is_a_file(tenant):
    assert store(tenant, b"").size_bytes == 0


def test_another_tenant_sees_nothing(tenant, other_tenant):
    run_id = uuid.uuid4()
    ref = store(tenant, run_id=run_id)
    assert facade.artifacts_of_run(tenant_id=tenant.id, run_id=run_id) == [ref]
    assert facade.artifacts_of_run(tenant_id=other_tenant.id, run_id=run_id) == []
    with pytest.raises(NotFound):
        facade.open_artifact(tenant_id=other_tenant.id, artifact_id=ref.artifact_id)


def test_content_that_is_gone_is_said_to_be_gone(tenant, artifact_folder):
    ref = store(tenant)
    (artifact_folder / str(tenant.id) / ref.sha256).unlink()
    with pytest.raises(NotFound, match="no longer stored"):
        facade.open_artifact(tenant_id=tenant.id, artifact_id=ref.artifact_id)
