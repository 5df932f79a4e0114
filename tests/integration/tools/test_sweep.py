"""What dead processes left in the store, and nothing else, is deleted."""

import os
from datetime import timedelta
from io import BytesIO

import pytest

from agentplatform.core.clock import now
from apps.tools import facade
from apps.tools.models import Artifact
from apps.tools.services.sweep_artifacts import GRACE, sweep_artifacts
from apps.tools.stores.chosen import artifact_store
from apps.tools.tasks import sweep_artifacts as task

LATER = now() + GRACE + timedelta(hours=1)


@pytest.fixture
def left(tenant):
    """`left(content)`: in the store, but of no artifact."""

    def leave(content, name=""):
        store = artifact_store()
        with store.stage(BytesIO(content), tenant_id=tenant.id, limit_bytes=100, name=name) as one:
            store.keep([one])
        return one.name

    return leave


def names(tenant):
    return {one.name for one in artifact_store().contents(tenant.id)}


def store(tenant, content):
    return facade.store_artifact(
        tenant_id=tenant.id, name="a.csv", content=BytesIO(content), at=now()
    )


def test_what_no_artifact_names_is_deleted_once_it_is_old(tenant, left):
    kept = store(tenant, b"named")
    left(b"unnamed")
    left(b"small", name=f"{'0' * 64}.thumbnail")
    left(b"small", name=f"{kept.sha256}.thumbnail")
    assert sweep_artifacts(at=now()) == 0
    assert sweep_artifacts(at=LATER) == 2
    assert names(tenant) == {kept.sha256, f"{kept.sha256}.thumbnail"}
    assert sweep_artifacts(at=LATER) == 0


def test_what_was_being_copied_is_deleted_once_it_is_old(tenant, artifact_folder):
    store(tenant, b"named")
    part = artifact_folder / str(tenant.id) / ".x.part"
    part.write_bytes(b"half")
    assert sweep_artifacts(at=now()) == 0
    assert sweep_artifacts(at=LATER) == 1
    assert not part.exists()


def test_a_tenants_content_does_not_name_anothers(tenant, other_tenant, left):
    store(other_tenant, b"same")
    left(b"same")
    assert sweep_artifacts(at=LATER) == 1
    assert len(names(other_tenant)) == 1


def test_the_task_sweeps_every_tenant(tenant, left, artifact_folder):
    old = artifact_folder / str(tenant.id) / left(b"unnamed")
    os.utime(old, (0, 0))
    task()
    assert names(tenant) == set()
    assert Artifact.objects.count() == 0
