"""What GET /api/v1/runs can be narrowed to."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from rest_framework.test import APIClient

from agentplatform.core.transactions import scope_connection, transaction
from apps.runs.api.run_filter import filter_runs
from apps.runs.models import Run
from apps.runs.states import RUN
from apps.tenants.models import User
from tests.api.runs.conftest import TaskMaker
from tests.api.runs.test_runs_api import start
from tests.api.runs.test_tasks_api import problem

RUNS = "/api/v1/runs"


def found(client: APIClient, **query: Any) -> list[str]:
    response = client.get(RUNS, query)
    assert response.status_code == 200, response.content
    return [run["id"] for run in response.json()["results"]]


def change(run: dict[str, Any], **fields: Any) -> str:
    Run.objects.filter(id=run["id"]).update(**fields)
    return str(run["id"])


def test_runs_of_several_statuses_are_found_at_once(
    make_task: TaskMaker, client: APIClient
) -> None:
    task = make_task()
    failed = change(start(client, task), status="FAILED")
    timed_out = change(start(client, task), status="TIMEOUT")
    start(client, task)
    assert found(client, status=["FAILED", "TIMEOUT"]) == [timed_out, failed]
    assert found(client, status="FAILED") == [failed]


def test_runs_of_one_version_of_a_task_are_found(make_task: TaskMaker, client: APIClient) -> None:
    task = make_task()
    first = start(client, task)["id"]
    client.patch(f"/api/v1/tasks/{task['id']}", {"spec": {**task["spec"], "output": 1}})
    second = start(client, task)["id"]
    start(client, make_task())
    assert found(client, task_id=task["id"]) == [second, first]
    assert found(client, task_id=task["id"], task_version=1) == [first]


def test_a_time_to_begin_with_is_in_and_one_to_end_with_is_out(
    make_task: TaskMaker, client: APIClient
) -> None:
    noon = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
    task = make_task()
    at_noon = change(start(client, task), created_at=noon)
    later = change(start(client, task), created_at=noon + timedelta(hours=1))
    assert found(client, created_after="2026-03-01T12:00:00Z") == [later, at_noon]
    assert found(client, created_before="2026-03-01T13:00:00Z") == [at_noon]
    assert found(client, created_after="2026-03-01T12:30:00Z") == [later]


def test_children_forks_and_roots_are_found(make_task: TaskMaker, client: APIClient) -> None:
    task = make_task()
    root = start(client, task)["id"]
    child = change(start(client, task), parent_run_id=root)
    fork = change(start(client, task), forked_from_id=root)
    assert found(client, parent_run_id=root) == [child]
    assert found(client, forked_from_id=root) == [fork]
    assert found(client, is_root="true") == [fork, root]
    assert found(client, is_root="false") == [child]


def test_runs_that_somebody_started_are_found(make_task: TaskMaker, client: APIClient) -> None:
    task = make_task()
    run = start(client, task)
    start(client, task)
    tenant_id = Run.objects.get(id=run["id"]).tenant_id
    somebody = User.objects.create(email="a@example.org", tenant_id=tenant_id)
    change(run, created_by=somebody)
    assert found(client, created_by_id=somebody.id) == [run["id"]]
    assert client.get(f"{RUNS}/{run['id']}").json()["created_by_id"] == str(somebody.id)


def test_the_next_page_keeps_to_the_filter(make_task: TaskMaker, client: APIClient) -> None:
    task = make_task()
    failed = [change(start(client, task), status="FAILED") for _ in range(3)]
    start(client, task)
    page = client.get(RUNS, {"status": "FAILED", "page_size": 2}).json()
    rest = client.get(page["next"]).json()
    seen = [run["id"] for run in page["results"] + rest["results"]]
    assert (seen, rest["next"]) == (failed[::-1], None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "DONE"),
        ("task_id", "1"),
        ("task_version", "1"),
        ("task_version", "x"),
        ("task_version", "9" * 30),
        ("created_after", "yesterday"),
        ("created_before", "2026-13-01T00:00:00Z"),
        ("parent_run_id", "x"),
        ("forked_from_id", "x"),
        ("created_by_id", "x"),
        ("is_root", "perhaps"),
    ],
)
def test_a_value_that_means_nothing_is_refused_by_name(
    client: APIClient, name: str, value: str
) -> None:
    errors = problem(client.get(RUNS, {name: value}), 422, "invalid")["errors"]
    assert set(errors) == {name}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "status=FAILED&status=TIMEOUT",
        "created_after=2026-01-01T00:00:00Z&created_before=2026-02-01T00:00:00Z",
        "is_root=true",
    ],
)
def test_a_page_is_read_by_the_tenant_s_index_without_sorting(
    client: APIClient, query: str
) -> None:
    runs = Run.objects.filter(tenant_id=uuid.uuid4())
    with transaction(), scope_connection().cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute("set local enable_bitmapscan = off")
        cursor.execute("set local enable_sort = off")
        plan = filter_runs(runs, QueryDict(query)).order_by("-id")[:51].explain()
    assert "Sort" not in plan
    assert "runs_by_tenant" in plan


def test_every_status_can_be_asked_for(client: APIClient) -> None:
    assert found(client, status=list(RUN.states)) == []
