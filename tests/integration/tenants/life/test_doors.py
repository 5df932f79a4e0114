"""A tenant that is not active: every door is closed at once, and what ran is cancelled."""

from collections.abc import Callable
from contextvars import copy_context
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from rest_framework.test import APIClient

from agentplatform.core.clock import now
from agentplatform.core.errors import PlatformError
from apps.gateway.models import LlmCall
from apps.gateway.services.complete_calls import complete_calls
from apps.runs.models import Run, TaskDefinition
from apps.runs.selectors import newest_version
from apps.runs.services.create_run import create_run
from apps.runs.states import RUN
from apps.tenants.contracts import InvalidCredentials, TenantInactive
from apps.tenants.facade import authenticate
from apps.tenants.models import Tenant
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.delete_tenant import delete_tenant
from apps.tenants.services.resume_tenant import resume_tenant
from apps.tenants.services.suspend_tenant import suspend_tenant
from apps.tenants.services.tend_tenants import tend_tenants
from apps.tools.models import Artifact, ToolCall
from apps.tools.services.execute_call import execute_call
from tests.integration.tenants.life.whole_tenant import store


def end(tenant: Tenant, how: str) -> None:
    if how == "suspended":
        suspend_tenant(tenant_id=tenant.id, at=now())
    else:
        delete_tenant(tenant_id=tenant.id, confirm_slug=tenant.slug, at=now())


def start_run(tenant: Tenant) -> Run:
    task = TaskDefinition.objects.get(tenant=tenant)
    return create_run(version=newest_version(task), given={}, created_by=None, at=now())[0]


def signed_in(tenant: Tenant) -> APIClient:
    """A client whose credential was seen a moment ago."""
    key = create_api_key(tenant_id=tenant.id, name="client", at=now())
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key.secret}")
    assert client.get("/api/v1/runs").status_code == 200
    return client


def post_run(client: APIClient, tenant: Tenant) -> Any:
    task_id = str(TaskDefinition.objects.get(tenant=tenant).id)
    return client.post("/api/v1/runs", {"task_id": task_id, "input": {}}, format="json")


def post_artifact(client: APIClient, tenant: Tenant) -> Any:
    file = SimpleUploadedFile("x.csv", b"a,b\n")
    return client.post("/api/v1/artifacts", {"file": file}, format="multipart")


@pytest.mark.parametrize("how", ["suspended", "deleted"])
@pytest.mark.parametrize("post", [post_run, post_artifact])
def test_who_is_signed_in_is_told_why_nothing_starts(
    tenant: Tenant, how: str, post: Callable[[APIClient, Tenant], Any]
) -> None:
    client = signed_in(tenant)
    before = Run.objects.count(), Artifact.objects.count()
    end(tenant, how)
    response = post(client, tenant)
    problem = response.json()
    assert (response.status_code, problem["code"]) == (403, "tenant_inactive")
    assert how in problem["detail"]
    assert (Run.objects.count(), Artifact.objects.count()) == before


@pytest.mark.parametrize("how", ["suspended", "deleted"])
def test_nobody_signs_in(tenant: Tenant, how: str) -> None:
    key = create_api_key(tenant_id=tenant.id, name="client", at=now())
    end(tenant, how)
    with pytest.raises(InvalidCredentials):
        authenticate(raw=key.secret, at=now())


def test_a_resumed_tenant_starts_anew(tenant: Tenant) -> None:
    end(tenant, "suspended")
    with pytest.raises(TenantInactive):
        start_run(tenant)
    resume_tenant(tenant_id=tenant.id, at=now())
    assert start_run(tenant).status == "PENDING"


def test_a_tool_call_that_waited_does_not_start(tenant: Tenant) -> None:
    call = ToolCall.objects.filter(tenant=tenant)[0]
    end(tenant, "suspended")
    execute_call(call_id=call.id, clock=now)
    call.refresh_from_db()
    assert (call.status, call.error["code"]) == ("CANCELLED", "tenant_inactive")
    assert not call.error["is_retryable"]


def test_a_model_call_that_waited_does_not_start(tenant: Tenant) -> None:
    call = LlmCall.objects.filter(tenant=tenant)[0]
    end(tenant, "suspended")
    LlmCall.objects.filter(id=call.id).update(
        request={"messages": [{"role": "user", "content": "Hello."}]}
    )
    complete_calls(call_ids=[call.id], clock=now)
    call.refresh_from_db()
    assert (call.status, call.error["code"]) == ("CANCELLED", "tenant_inactive")


def test_what_runs_is_cancelled_with_its_calls(tenant: Tenant, other: Tenant) -> None:
    end(tenant, "suspended")
    assert tend_tenants(clock=now)
    runs = Run.objects.filter(tenant=tenant)
    assert sorted(runs.values_list("status", flat=True)) == ["CANCELLED", "COMPLETED"]
    for model in (ToolCall, LlmCall):
        mine = model.objects.filter(tenant=tenant)
        assert set(mine.values_list("status", flat=True)) == {"CANCELLED"}
        assert set(model.objects.filter(tenant=other).values_list("status", flat=True)) == {
            "QUEUED"
        }
    assert Run.objects.filter(tenant=other, status="PENDING").exists()


def test_what_a_resumed_tenant_runs_is_left_alone(tenant: Tenant) -> None:
    end(tenant, "suspended")
    resume_tenant(tenant_id=tenant.id, at=now())
    assert tend_tenants(clock=now)
    assert Run.objects.filter(tenant=tenant, status="PENDING").exists()


def test_a_run_that_starts_while_the_tenant_is_suspended_is_refused_or_cancelled(
    tenant: Tenant,
) -> None:
    together = Barrier(3)

    def start() -> None:
        together.wait()
        try:
            for _ in range(5):
                start_run(tenant)
        except PlatformError:
            pass
        finally:
            connections.close_all()

    threads = [Thread(target=copy_context().run, args=(start,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    together.wait()
    end(tenant, "suspended")
    assert tend_tenants(clock=now)
    assert not Run.objects.filter(tenant=tenant).exclude(status__in=RUN.terminal).exists()
    for thread in threads:
        thread.join()
    assert not Run.objects.filter(tenant=tenant).exclude(status__in=RUN.terminal).exists()


def test_an_upload_after_the_deletion_leaves_nothing(tenant: Tenant) -> None:
    end(tenant, "deleted")
    count = Artifact.objects.count()
    with pytest.raises(TenantInactive):
        store(tenant, b"late")
    assert Artifact.objects.count() == count
