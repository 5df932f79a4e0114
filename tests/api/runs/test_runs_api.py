"""/api/v1/runs"""

import uuid
from typing import Any

import pytest
from rest_framework.test import APIClient

from agentplatform.core.clock import now
from apps.runs.models import Run
from apps.runs.services.advance_run import advance_run
from tests.api.runs.conftest import TaskMaker
from tests.api.runs.test_tasks_api import problem


def start(client: APIClient, task: dict[str, Any], **fields: Any) -> dict[str, Any]:
    response = client.post("/api/v1/runs", {"task_id": task["id"], "input": {"n": 1}, **fields})
    assert response.status_code == 201, response.content
    body: dict[str, Any] = response.json()
    return body


def test_a_run_is_accepted_as_pending_with_its_steps(
    make_task: TaskMaker, client: APIClient
) -> None:
    run = start(client, make_task())
    assert (run["status"], run["task_version"], run["tokens_used"]) == ("PENDING", 1, 0)
    steps = client.get(f"/api/v1/runs/{run['id']}/steps").json()
    assert [(step["name"], step["status"]) for step in steps] == [
        ("a", "PENDING"),
        ("b", "PENDING"),
    ]


def test_a_run_keeps_its_version_when_the_task_changes(
    make_task: TaskMaker, client: APIClient
) -> None:
    task = make_task()
    run = start(client, task)
    client.patch(f"/api/v1/tasks/{task['id']}", {"spec": {**task["spec"], "output": 1}})
    assert client.get(f"/api/v1/runs/{run['id']}").json()["task_version"] == 1


def test_an_input_that_breaks_the_schema_is_refused_by_field(
    make_task: TaskMaker, client: APIClient
) -> None:
    body = {"task_id": make_task()["id"], "input": {"n": "one", "m": 1}}
    errors = problem(client.post("/api/v1/runs", body), 422, "invalid_input")["errors"]
    assert set(errors) == {"input", "input.n"}


def test_the_same_key_and_body_give_the_same_run_and_another_body_conflicts(
    make_task: TaskMaker, client: APIClient
) -> None:
    body = {"task_id": make_task()["id"], "input": {"n": 1}}
    key = {"HTTP_IDEMPOTENCY_KEY": "order-1"}
    first = client.post("/api/v1/runs", body, **key)
    again = client.post("/api/v1/runs", body, **key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    other = client.post("/api/v1/runs", {**body, "input": {"n": 2}}, **key)
    problem(other, 409, "idempotency_mismatch")


def test_two_tenants_may_use_the_same_key(
    make_task: TaskMaker, client: APIClient, stranger: APIClient
) -> None:
    key = {"HTTP_IDEMPOTENCY_KEY": "order-1"}
    task = make_task()
    mine = client.post("/api/v1/runs", {"task_id": task["id"], "input": {"n": 1}}, **key)
    theirs_task = stranger.post("/api/v1/tasks", {"name": "t", "spec": task["spec"]}).json()
    theirs = stranger.post("/api/v1/runs", {"task_id": theirs_task["id"], "input": {"n": 1}}, **key)
    assert (mine.status_code, theirs.status_code) == (201, 201)


def test_a_cancelled_run_is_cancelled_at_once_and_only_once(
    make_task: TaskMaker, client: APIClient
) -> None:
    path = f"/api/v1/runs/{start(client, make_task())['id']}"
    assert client.delete(path).json()["status"] == "CANCELLED"
    problem(client.delete(path), 409, "run_finished")


def test_events_come_in_order_and_from_where_the_reader_stands(
    make_task: TaskMaker, client: APIClient
) -> None:
    run = start(client, make_task())
    advance_run(run_id=uuid.UUID(run["id"]), at=now())
    path = f"/api/v1/runs/{run['id']}/events"
    page = client.get(path).json()
    assert [(e["seq"], e["kind"], e["step"]) for e in page["results"]] == [
        (1, "run.pending", ""),
        (2, "run.running", ""),
        (3, "step.queued", "a"),
    ]
    assert not page["is_finished"]
    client.delete(f"/api/v1/runs/{run['id']}")
    rest = client.get(path, {"after": 3}).json()
    assert rest["results"][-1]["kind"] == "run.cancelled"
    assert rest["is_finished"]


@pytest.mark.parametrize("after", ["-1", "x", "9" * 30])
def test_a_wrong_place_in_the_timeline_is_refused(
    make_task: TaskMaker, client: APIClient, after: str
) -> None:
    path = f"/api/v1/runs/{start(client, make_task())['id']}/events"
    problem(client.get(path, {"after": after}), 422, "invalid")


def test_the_summary_counts_steps_tokens_and_cost(make_task: TaskMaker, client: APIClient) -> None:
    run = start(client, make_task(), token_budget=500)
    summary = client.get(f"/api/v1/runs/{run['id']}/metrics").json()
    assert summary["steps_by_status"] == {"PENDING": 2}
    assert (summary["token_budget"], summary["tokens_used"]) == (500, 0)
    assert (summary["cost_usd"], summary["models"]) == ("0.000000000", [])


def test_runs_are_listed_and_filtered(make_task: TaskMaker, client: APIClient) -> None:
    task = make_task()
    first, second = start(client, task), start(client, task)
    client.delete(f"/api/v1/runs/{first['id']}")
    listed = client.get("/api/v1/runs").json()["results"]
    assert [run["id"] for run in listed] == [second["id"], first["id"]]
    found = client.get("/api/v1/runs", {"status": "CANCELLED", "task_id": task["id"]}).json()
    assert [run["id"] for run in found["results"]] == [first["id"]]
    problem(client.get("/api/v1/runs", {"status": "DONE"}), 422, "invalid")


@pytest.mark.parametrize("part", ["", "/steps", "/metrics", "/events", "/artifacts"])
def test_another_tenant_s_run_looks_like_a_missing_one(
    make_task: TaskMaker, client: APIClient, stranger: APIClient, part: str
) -> None:
    run = start(client, make_task())
    problem(stranger.get(f"/api/v1/runs/{run['id']}{part}"), 404, "not_found")
    problem(stranger.get(f"/api/v1/runs/{uuid.uuid4()}{part}"), 404, "not_found")


def test_a_run_of_another_tenant_s_task_cannot_be_started(
    make_task: TaskMaker, stranger: APIClient
) -> None:
    body = {"task_id": make_task()["id"], "input": {"n": 1}}
    problem(stranger.post("/api/v1/runs", body), 404, "not_found")


@pytest.mark.parametrize("field", ["tenant_id", "status", "output"])
def test_what_the_server_decides_is_refused_in_a_body(
    make_task: TaskMaker, client: APIClient, field: str
) -> None:
    body = {"task_id": make_task()["id"], "input": {"n": 1}, field: "x"}
    assert field in problem(client.post("/api/v1/runs", body), 422, "invalid")["errors"]


def test_an_input_that_is_no_object_is_refused_in_json_s_words(
    make_task: TaskMaker, client: APIClient
) -> None:
    refused = client.post("/api/v1/runs", {"task_id": make_task()["id"], "input": [1]})
    assert problem(refused, 422, "invalid")["errors"] == {"input": ["Send a JSON object."]}


def test_an_id_that_is_none_is_not_found(client: APIClient) -> None:
    problem(client.get("/api/v1/runs/not-an-id"), 404, "not_found")


def test_a_run_needs_a_key(make_task: TaskMaker) -> None:
    body = {"task_id": make_task()["id"], "input": {"n": 1}}
    problem(APIClient().post("/api/v1/runs", body), 401, "unauthenticated")
    assert Run.objects.count() == 0


def test_a_priority_is_taken_shown_and_part_of_the_request(
    make_task: TaskMaker, client: APIClient
) -> None:
    task = make_task()
    assert start(client, task)["priority"] == 0
    body = {"task_id": task["id"], "input": {"n": 1}, "priority": 7}
    key = {"HTTP_IDEMPOTENCY_KEY": "order-1"}
    run = client.post("/api/v1/runs", body, **key).json()
    assert (run["priority"], run["waits_for_place"]) == (7, False)
    assert client.get("/api/v1/runs").json()["results"][0]["priority"] == 7
    assert client.post("/api/v1/runs", body, **key).status_code == 200
    problem(
        client.post("/api/v1/runs", {**body, "priority": 8}, **key), 409, "idempotency_mismatch"
    )


@pytest.mark.parametrize("priority", [101, -101, "high", None, 1.5])
def test_a_priority_out_of_bounds_is_refused_by_name(
    make_task: TaskMaker, client: APIClient, priority: Any
) -> None:
    body = {"task_id": make_task()["id"], "input": {"n": 1}, "priority": priority}
    errors = problem(client.post("/api/v1/runs", body), 422, "invalid")["errors"]
    assert set(errors) == {"priority"}
