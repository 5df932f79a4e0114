"""Tool calls over HTTP, and in the admin site."""

import uuid

import pytest
from django.urls import reverse

from agentplatform.core.clock import now
from apps.tools.models import ToolCall
from tests.api.tenants.house import House

pytestmark = pytest.mark.django_db
RESPONSE = {
    "status": "ok",
    "value": {"sum": 6},
    "stdout": "<b>hello</b>",
    "stderr": "",
    "exit_code": 0,
    "artifacts": [],
    "duration_ms": 12,
}


@pytest.fixture
def house(tmp_path, settings):
    folder = tmp_path / "artifacts"
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"artifact_folder": folder})
    return House.build()


@pytest.fixture
def client(house):
    return house.client_of("viewer")


def make_call(house, run_id, **fields):
    values = {
        "tool": "code", "action": "python", "arguments": {"program": "1"}, "timeout_seconds": 60.0,
        "status": "SUCCESS", "response": RESPONSE, "backend": "bubblewrap", "cpu_ms": 5,
        "peak_memory_bytes": 3_000_000, "attempt": 1, "turn": 0, "index": 0, "created_at": now(),
        "idempotency_key": uuid.uuid4().hex, "step_id": uuid.uuid4(), **fields,
    }  # fmt: skip
    return ToolCall.objects.create(tenant=house.tenant, run_id=run_id, **values)


def test_the_calls_of_a_run_are_listed_newest_first_in_pages(house, client):
    run_id = house.run()
    calls = [make_call(house, run_id, index=index) for index in range(3)]
    answer = client.get(f"/api/v1/runs/{run_id}/tool-calls?page_size=2").json()
    assert [one["call_id"] for one in answer["results"]] == [str(calls[2].id), str(calls[1].id)]
    (last,) = client.get(answer["next"]).json()["results"]
    assert (last["call_id"], last["tool"], last["action"]) == (str(calls[0].id), "code", "python")


@pytest.mark.parametrize(("query", "found"), [("tool=http", 1), ("status=FAILED", 1), ("", 2)])
def test_the_list_is_narrowed(house, client, query, found):
    run_id = house.run()
    make_call(house, run_id)
    error = {"code": "unreachable", "detail": "No.", "is_retryable": True}
    make_call(house, run_id, tool="http", status="FAILED", response=None, error=error)
    results = client.get(f"/api/v1/runs/{run_id}/tool-calls?{query}").json()["results"]
    assert len(results) == found
    if query:
        assert results[0]["error_code"] == "unreachable"


def test_an_unknown_status_names_the_field(house, client):
    answer = client.get(f"/api/v1/runs/{house.run()}/tool-calls?status=DONE")
    assert answer.status_code == 422
    assert "status" in answer.json()["errors"]


def test_a_call_tells_what_was_asked_and_what_came_of_it(house, client):
    call = make_call(house, house.run(), task_arn="arn:aws:ecs:x")
    told = client.get(f"/api/v1/tool-calls/{call.id}").json()
    assert told["arguments"] == {"program": "1"}
    assert told["result"] == RESPONSE
    assert (told["backend"], told["task_arn"], told["error"]) == (
        "bubblewrap",
        "arn:aws:ecs:x",
        None,
    )
    assert (told["cpu_ms"], told["peak_memory_bytes"]) == (5, 3_000_000)
    assert "sealed_arguments" not in told


def test_another_tenants_call_looks_missing(house, client):
    other = House.build()
    call = make_call(other, other.run())
    assert client.get(f"/api/v1/tool-calls/{call.id}").status_code == 404
    assert client.get(f"/api/v1/runs/{call.run_id}/tool-calls").status_code == 404


def test_staff_read_a_call_in_the_admin_site(house, admin_client):
    call = make_call(house, house.run())
    page = admin_client.get(reverse("admin:tools_toolcall_change", args=[call.id]))
    text = page.content.decode()
    assert page.status_code == 200
    assert "&lt;b&gt;hello&lt;/b&gt;" in text
    assert "2.9\xa0MB" in text
    assert "sealed" not in text


def test_staff_see_how_much_a_tenant_stores(house, admin_client):
    house.artifact()
    house.artifact()
    page = admin_client.get(reverse("admin:tenants_tenant_change", args=[house.tenant.id]))
    assert "Stored: 4\xa0bytes in 1 files" in page.content.decode()
