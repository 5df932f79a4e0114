"""POST /api/v1/runs/{id}/retry and /fork"""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.runs.models import Run
from tests.api.runs.conftest import TaskMaker
from tests.api.runs.test_runs_api import start
from tests.api.runs.test_tasks_api import problem

KEY = {"HTTP_IDEMPOTENCY_KEY": "again-1"}
BODIES: dict[str, dict[str, Any]] = {"retry": {}, "fork": {"step": "b"}}


@pytest.fixture
def ended(make_task: TaskMaker, client: APIClient) -> str:
    """The path of a run that was cancelled."""
    path = f"/api/v1/runs/{start(client, make_task())['id']}"
    client.delete(path)
    return path


@pytest.mark.parametrize("what", BODIES)
def test_the_same_key_and_request_give_the_same_run(
    ended: str, client: APIClient, what: str
) -> None:
    first = client.post(f"{ended}/{what}", BODIES[what], **KEY)
    again = client.post(f"{ended}/{what}", BODIES[what], **KEY)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert Run.objects.count() == 2


@pytest.mark.parametrize("what", BODIES)
def test_without_a_key_each_request_makes_a_run(ended: str, client: APIClient, what: str) -> None:
    made = {client.post(f"{ended}/{what}", BODIES[what]).json()["id"] for _ in range(2)}
    assert len(made) == 2


def test_the_same_key_with_another_request_conflicts(
    ended: str, make_task: TaskMaker, client: APIClient
) -> None:
    client.post(f"{ended}/fork", {"step": "b"}, **KEY)
    other = f"/api/v1/runs/{start(client, make_task())['id']}"
    client.delete(other)
    for path, body in (
        (f"{ended}/fork", {"step": "a"}),
        (f"{ended}/fork", {"step": "b", "input": {"n": 2}}),
        (f"{ended}/fork", {"step": "b", "token_budget": 5}),
        (f"{ended}/retry", {}),
        (f"{ended}/retry", {"token_budget": 5}),
        (f"{other}/fork", {"step": "b"}),
    ):
        problem(client.post(path, body, **KEY), 409, "idempotency_mismatch")


def test_a_key_that_is_none_is_refused(ended: str, client: APIClient) -> None:
    refused = client.post(f"{ended}/retry", {}, HTTP_IDEMPOTENCY_KEY="a b")
    assert set(problem(refused, 422, "invalid")["errors"]) == {"Idempotency-Key"}


@pytest.mark.parametrize("what", BODIES)
def test_the_new_run_may_have_another_budget(ended: str, client: APIClient, what: str) -> None:
    made = client.post(f"{ended}/{what}", {**BODIES[what], "token_budget": 5}).json()
    assert made["token_budget"] == 5


def test_a_run_that_is_under_way_or_has_completed_is_not_retried(
    make_task: TaskMaker, client: APIClient
) -> None:
    run = start(client, make_task())
    path = f"/api/v1/runs/{run['id']}/retry"
    assert "once it has ended" in problem(client.post(path, {}), 409, "conflict")["detail"]
    Run.objects.filter(id=run["id"]).update(status="COMPLETED")
    assert "fork it" in problem(client.post(path, {}), 409, "conflict")["detail"]
