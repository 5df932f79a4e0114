"""/api/v1/usage: what model calls used, by whatever one asks for."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from rest_framework.test import APIClient

from agentplatform.core.clock import now
from agentplatform.core.transactions import transaction
from apps.gateway.models import LlmEvent
from apps.tenants.facade import open_run_account
from tests.api.tenants.house import House

pytestmark = pytest.mark.django_db
URL = "/api/v1/usage"
NOVEMBER = {"since": "2026-11-01", "until": "2026-12-01"}


@pytest.fixture
def house() -> House:
    return House.build()


@pytest.fixture
def admin(house: House) -> APIClient:
    return house.admin


def event(house: House, day: str = "2026-11-10T12:00:00Z", **values: Any) -> None:
    known: dict[str, Any] = {
        "provider": "openai",
        "model": "gpt",
        "status": "success",
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "cost_nanos": 1000,
    }
    LlmEvent.objects.create(
        tenant=house.tenant,
        attempt_id=uuid4(),
        created_at=datetime.fromisoformat(day).astimezone(UTC),
        **{**known, **values},
    )


def run_of(house: House, *, user_id: UUID | None = None, api_key_id: UUID | None = None) -> UUID:
    run_id = uuid4()
    with transaction():
        open_run_account(
            tenant_id=house.tenant.id,
            run_id=run_id,
            token_limit=None,
            user_id=user_id,
            api_key_id=api_key_id,
        )
    return run_id


def ask(client: APIClient, **query: Any) -> dict[str, Any]:
    answer = client.get(URL, {**NOVEMBER, **query})
    assert answer.status_code == 200, answer.content
    shown: dict[str, Any] = answer.json()
    return shown


def test_usage_is_summed_up_by_day(house: House, admin: APIClient) -> None:
    event(house, "2026-11-10T00:00:00Z", cached_tokens=4, cache_write_tokens=3, reasoning_tokens=2)
    event(house, "2026-11-10T23:59:59Z", is_confirmed=False)
    event(house, "2026-11-11T00:00:00Z", status="failed", cost_nanos=0, prompt_tokens=0)
    event(house, "2026-12-01T00:00:00Z")
    event(House.build())
    shown = ask(admin)
    assert (shown["since"], shown["until"], shown["time_zone"]) == (
        "2026-11-01", "2026-12-01", "UTC"
    )  # fmt: skip
    assert shown["results"][0] == {
        "day": "2026-11-10",
        "attempts": 2,
        "attempts_without_price": 0,
        "attempts_unconfirmed": 1,
        "prompt_tokens": 20,
        "completion_tokens": 10,
        "cached_tokens": 4,
        "cache_write_tokens": 3,
        "reasoning_tokens": 2,
        "cost_usd": "0.000002000",
        "known_cost_usd": "0.000002000",
    }
    assert [one["day"] for one in shown["results"]] == ["2026-11-10", "2026-11-11"]
    assert (shown["totals"]["attempts"], shown["totals"]["prompt_tokens"]) == (3, 20)


def test_an_unknown_price_makes_a_cost_unknown_and_is_counted(
    house: House, admin: APIClient
) -> None:
    event(house)
    event(house, model="new", cost_nanos=None)
    shown = ask(admin, group_by="model")
    costs = {one["model"]: one["cost_usd"] for one in shown["results"]}
    assert costs == {"gpt": "0.000001000", "new": None}
    totals = shown["totals"]
    assert (totals["cost_usd"], totals["known_cost_usd"]) == (None, "0.000001000")
    assert totals["attempts_without_price"] == 1


def test_usage_is_told_apart_by_user_key_and_run(house: House, admin: APIClient) -> None:
    ann, key = house.user(), house.api_key()
    of_ann, of_key, of_nobody = (
        run_of(house, user_id=ann),
        run_of(house, user_id=ann, api_key_id=key),
        run_of(house),
    )
    for run_id in (of_ann, of_key, of_key, of_nobody, None):
        event(house, run_id=run_id)
    by_user = {one["user_id"]: one["attempts"] for one in ask(admin, group_by="user_id")["results"]}
    assert by_user == {None: 2, str(ann): 3}
    by_key = ask(admin, group_by="api_key_id", user_id=str(ann))["results"]
    assert {one["api_key_id"]: one["attempts"] for one in by_key} == {None: 1, str(key): 2}
    by_run = ask(admin, group_by=["run_id", "model"], api_key_id=str(key))["results"]
    assert [(one["run_id"], one["model"], one["attempts"]) for one in by_run] == [
        (str(of_key), "gpt", 2)
    ]
    assert ask(admin, run_id=str(of_ann))["totals"]["attempts"] == 1


def test_filters_narrow_results_and_totals(house: House, admin: APIClient) -> None:
    event(house)
    event(house, provider="anthropic", model="claude")
    shown = ask(admin, provider="anthropic", model="claude")
    assert shown["totals"]["attempts"] == 1
    assert ask(admin, model="nothing")["results"] == []
    assert ask(admin, model="nothing")["totals"]["cost_usd"] == "0.000000000"


def test_pages_follow_each_other_and_each_has_the_totals(house: House, admin: APIClient) -> None:
    for day in range(1, 6):
        event(house, f"2026-11-0{day}T12:00:00Z")
        event(house, f"2026-11-0{day}T12:00:00Z", model="o")
    seen, address = [], f"{URL}?since=2026-11-01&until=2026-12-01&page_size=4"
    address += "&group_by=day&group_by=model"
    while address:
        page = admin.get(address).json()
        assert page["totals"]["attempts"] == 10
        seen += [(one["day"][-1], one["model"]) for one in page["results"]]
        address = page["next"]
    assert seen == [(str(day), model) for day in range(1, 6) for model in ("gpt", "o")]


def test_days_are_those_of_the_tenants_time_zone(house: House, admin: APIClient) -> None:
    admin.patch("/api/v1/tenant", {"time_zone": "Asia/Tokyo"}, format="json")
    event(house, "2026-10-31T15:00:00Z")
    event(house, "2026-11-30T14:59:59Z")
    event(house, "2026-11-30T15:00:00Z")
    assert [one["day"] for one in ask(admin)["results"]] == ["2026-11-01", "2026-11-30"]


def test_without_days_it_is_the_month_so_far(house: House, admin: APIClient) -> None:
    event(house, now().isoformat())
    event(house, "2020-01-01T00:00:00Z")
    shown = admin.get(URL).json()
    assert shown["totals"]["attempts"] == 1
    assert shown["since"] == now().date().replace(day=1).isoformat()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"group_by": "colour"}, "group_by.0"),
        ({"group_by": ["day", "day"]}, "group_by"),
        ({"since": "soon"}, "since"),
        ({"since": "2026-12-02"}, "until"),
        ({"since": "2020-01-01"}, "since"),
        ({"user_id": "me"}, "user_id"),
        ({"run_id": "1"}, "run_id"),
        ({"page_size": 0}, "page_size"),
        ({"page_size": 201}, "page_size"),
        ({"model": "a\x00b"}, "model"),
    ],
)
def test_a_question_that_means_nothing_is_refused_by_its_field(
    admin: APIClient, query: dict[str, Any], field: str
) -> None:
    answer = admin.get(URL, {**NOVEMBER, **query})
    assert answer.status_code in (400, 422)
    if answer.status_code == 422:
        assert field in answer.json()["errors"]


@pytest.mark.parametrize(
    "cursor", ["x", "W10=", "bnVsbA==", "WzFd", "WyJhIiwiYiJd", "WyJcdTAwMDAiXQ==", "é"]
)
def test_a_cursor_that_was_not_handed_out_is_none(admin: APIClient, cursor: str) -> None:
    assert admin.get(URL, {**NOVEMBER, "cursor": cursor}).status_code == 404
