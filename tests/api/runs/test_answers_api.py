"""People answer what an agent asks, over HTTP."""

import uuid
from typing import Any

import pytest

from apps.runs.models import Ask
from apps.tenants.models import AuditEntry
from tests.api.runs.test_tasks_api import problem
from tests.api.tenants.house import STEP, House

pytestmark = pytest.mark.django_db


def address(ask: Ask, verb: str) -> str:
    return f"/api/v1/runs/{ask.run_id}/steps/{STEP}/{verb}"


def asking() -> tuple[House, Ask, Any]:
    house = House.build()
    return house, Ask.objects.get(id=house.question()), house.client_of("member")


def test_a_step_shows_the_questions_that_are_open() -> None:
    _, ask, client = asking()
    steps = f"/api/v1/runs/{ask.run_id}/steps"
    (step,) = client.get(steps).json()
    (shown,) = step["asks"]
    assert (step["waits_for"], shown["id"], shown["kind"]) == ("asks", str(ask.id), "approval")
    assert shown["wish"]["question"] == "Go on?"
    assert client.post(address(ask, "approve"), {}).status_code == 200
    assert client.get(steps).json()[0]["asks"] == []


def test_an_answer_names_its_question_and_is_audited() -> None:
    _, ask, client = asking()
    body = {"ask": str(ask.id), "comment": "no"}
    assert client.post(address(ask, "reject"), body).status_code == 200
    ask.refresh_from_db()
    assert (ask.status, ask.answer["decision"], ask.answer["comment"]) == (
        "ANSWERED", "rejected", "no",
    )  # fmt: skip
    entry = AuditEntry.objects.get(action="run.rejected")
    assert entry.after == {"step": STEP, "ask": str(ask.id)}
    problem(client.post(address(ask, "approve"), body | {"ask": str(ask.id)}), 409, "conflict")


def test_a_question_that_the_step_does_not_ask_is_an_error_of_the_field() -> None:
    _, ask, client = asking()
    for other in (str(uuid.uuid4()), str(House.build().question())):
        told = problem(client.post(address(ask, "approve"), {"ask": other}), 422, "invalid")
        assert set(told["errors"]) == {"ask"}
