"""GET /api/v1/runs/{id}/steps, narrowed."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from agentplatform.core.clock import now
from apps.runs.models import Run, Step
from tests.api.runs.conftest import TaskMaker
from tests.api.runs.test_tasks_api import problem


@pytest.fixture
def path(make_task: TaskMaker, client: APIClient) -> str:
    """The steps of a run: two, and of the second two items that have ended."""
    body = {"task_id": make_task()["id"], "input": {"n": 1}}
    run = Run.objects.get(id=client.post("/api/v1/runs", body).json()["id"])
    for index, status in enumerate(("SUCCESS", "FAILED")):
        Step.objects.create(
            tenant_id=run.tenant_id, run=run, name="b", kind="tool", item_index=index,
            position=1, status=status, max_attempts=1, changed_at=now(),
        )  # fmt: skip
    return f"/api/v1/runs/{run.id}/steps"


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, [("a", -1), ("b", -1), ("b", 0), ("b", 1)]),
        ({"name": "b"}, [("b", -1), ("b", 0), ("b", 1)]),
        ({"status": ["FAILED", "SUCCESS"]}, [("b", 0), ("b", 1)]),
        ({"name": "b", "status": "FAILED"}, [("b", 1)]),
        ({"with_items": "false"}, [("a", -1), ("b", -1)]),
        ({"with_items": "true", "name": "c"}, []),
    ],
)
def test_steps_are_found_by_name_status_and_without_items(
    client: APIClient, path: str, query: dict[str, Any], wanted: list[tuple[str, int]]
) -> None:
    found = client.get(path, query).json()
    assert [(step["name"], step["item_index"]) for step in found] == wanted


@pytest.mark.parametrize("query", [{"status": "DONE"}, {"with_items": "no idea"}, {"step": "b"}])
def test_a_filter_that_means_nothing_is_refused_by_name(
    client: APIClient, path: str, query: dict[str, str]
) -> None:
    assert set(problem(client.get(path, query), 422, "invalid")["errors"]) == set(query)
