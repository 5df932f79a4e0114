"""/api/v1/tasks"""

import uuid
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.api.runs.conftest import SPEC, TaskMaker


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"].startswith("application/problem+json")
    body: dict[str, Any] = response.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["detail"]
    return body


def test_a_task_is_created_with_its_first_version(make_task: TaskMaker, client: APIClient) -> None:
    task = make_task(description="Counts")
    assert (task["version"], task["spec"], task["description"]) == (1, SPEC, "Counts")
    assert client.get(f"/api/v1/tasks/{task['id']}").json() == task


def test_an_invalid_spec_is_refused_by_step_and_field(client: APIClient) -> None:
    spec = {"steps": [{"name": "a", "kind": "llm", "prompt": "{{ steps.b.output }}", "x": 1}]}
    body = problem(client.post("/api/v1/tasks", {"name": "t", "spec": spec}), 422, "invalid_spec")
    assert set(body["errors"]) == {"steps.a.x", "steps.a.prompt"}


def test_two_tasks_cannot_have_one_name(make_task: TaskMaker, client: APIClient) -> None:
    make_task(name="twice")
    problem(client.post("/api/v1/tasks", {"name": "twice", "spec": SPEC}), 409, "conflict")


def test_a_name_is_free_again_once_its_task_is_archived(
    make_task: TaskMaker, client: APIClient
) -> None:
    first = make_task(name="again")
    assert client.delete(f"/api/v1/tasks/{first['id']}").status_code == 204
    problem(client.get(f"/api/v1/tasks/{first['id']}"), 404, "not_found")
    assert make_task(name="again")["id"] != first["id"]


def test_changing_the_spec_adds_a_version_and_keeps_the_old_one(
    make_task: TaskMaker, client: APIClient
) -> None:
    task = make_task()
    changed = {**SPEC, "steps": SPEC["steps"][:1]}
    path = f"/api/v1/tasks/{task['id']}"
    assert client.patch(path, {"spec": changed}).json()["version"] == 2
    versions = client.get(f"{path}/versions").json()
    assert [(v["number"], v["spec"]) for v in versions] == [(2, changed), (1, SPEC)]


def test_saving_the_same_spec_again_adds_no_version(
    make_task: TaskMaker, client: APIClient
) -> None:
    task = make_task()
    path = f"/api/v1/tasks/{task['id']}"
    assert client.patch(path, {"spec": SPEC, "description": "New"}).json()["version"] == 1


def test_tasks_are_listed_newest_first_and_found_by_name(
    make_task: TaskMaker, client: APIClient
) -> None:
    first, second = make_task(), make_task()
    listed = client.get("/api/v1/tasks").json()["results"]
    assert [task["id"] for task in listed] == [second["id"], first["id"]]
    found = client.get("/api/v1/tasks", {"name": first["name"]}).json()["results"]
    assert [task["id"] for task in found] == [first["id"]]


def test_a_list_takes_the_same_few_queries_however_long_it_is(
    make_task: TaskMaker, client: APIClient, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        make_task()
    with django_assert_max_num_queries(6):
        assert len(client.get("/api/v1/tasks").json()["results"]) == 8


def test_a_spec_can_be_checked_without_saving_it(client: APIClient) -> None:
    verdict = client.post("/api/v1/tasks/validate", {"spec": SPEC}).json()
    assert verdict == {"valid": True, "warnings": {}}
    problem(client.post("/api/v1/tasks/validate", {"spec": {}}), 422, "invalid_spec")


def test_what_keeps_a_run_step_from_starting_is_a_warning_until_the_tasks_have_changed(
    make_task: TaskMaker, client: APIClient
) -> None:
    inner = {"kind": "run", "task": "bill", "input": {"amount": "{{ item }}", "to": 7}}
    steps = [
        {"name": "a", "kind": "map", "items": [1], "step": inner},
        {"name": "b", "kind": "run", "task": "{{ input.which }}"},
        {"name": "c", "kind": "run", "task": "outer"},
    ]
    checked = client.post("/api/v1/tasks/validate", {"spec": {"steps": steps}}).json()
    assert (checked["valid"], set(checked["warnings"])) == (
        True,
        {"steps.a.step.task", "steps.c.task"},
    )
    task = make_task(name="outer", spec={"steps": steps})
    told = "there is no task named `bill`; the step fails unless there is"
    assert task["warnings"] == {"steps.a.step.task": [told]}
    properties = {"amount": {"type": "integer"}, "to": {"type": "string"}}
    inputs = {"type": "object", "properties": properties, "required": ["amount", "cause"]}
    bill = make_task(name="bill", spec={**SPEC, "inputs": inputs})
    path = f"/api/v1/tasks/{task['id']}"
    assert client.get(path).json()["warnings"] == {
        "steps.a.step.input": ["'cause' is a required property, says the task `bill`"],
        "steps.a.step.input.to": ["7 is not of type 'string', says the task `bill`"],
    }
    client.patch(f"/api/v1/tasks/{bill['id']}", {"spec": {**SPEC, "inputs": {}}})
    assert client.patch(path, {"description": "Bills"}).json()["warnings"] == {}


def test_the_schema_of_specs_is_published(client: APIClient) -> None:
    assert "AgentStep" in client.get("/api/v1/tasks/schema").json()["$defs"]


def test_another_tenant_s_task_looks_like_a_missing_one(
    make_task: TaskMaker, stranger: APIClient
) -> None:
    path = f"/api/v1/tasks/{make_task()['id']}"
    missing = f"/api/v1/tasks/{uuid.uuid4()}"
    for method in ("get", "patch", "delete"):
        foreign = problem(getattr(stranger, method)(path, {}), 404, "not_found")
        absent = problem(getattr(stranger, method)(missing, {}), 404, "not_found")
        assert set(foreign) == set(absent)


def test_a_viewer_may_look_and_not_change(viewer: APIClient) -> None:
    assert viewer.get("/api/v1/tasks").status_code == 200
    problem(viewer.post("/api/v1/tasks", {"name": "t", "spec": SPEC}), 403, "forbidden")


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "t"}, {"name": "t", "spec": 5}, []])
def test_an_incomplete_body_is_refused(client: APIClient, body: Any) -> None:
    assert client.post("/api/v1/tasks", body).status_code == 422
