"""Rules and requests of the way out over HTTP."""

import uuid

import pytest

from agentplatform.core.clock import now
from apps.tools.models import EgressRequest
from tests.api.tenants.house import House

pytestmark = pytest.mark.django_db
RULES = "/api/v1/egress-rules"
REQUESTS = "/api/v1/egress-requests"


@pytest.fixture
def house():
    return House.build()


def request_of(house, **values):
    ids = {"run_id": uuid.uuid4(), "step_id": uuid.uuid4(), "call_id": uuid.uuid4()}
    kept = {"via": "proxy", "method": "GET", "host": "api.example.org", "port": 443, "at": now()}
    return EgressRequest.objects.create(tenant=house.tenant, **{**ids, **kept, **values})


def test_a_rule_is_added_listed_and_deleted(house):
    sent = {"host": "*.Example.org", "port": 8443, "methods": ["get", "HEAD"]}
    made = house.admin.post(RULES, sent, format="json")
    assert made.status_code == 201
    assert made.json() | {"id": "", "created_at": ""} == {
        "id": "",
        "host": "*.example.org",
        "port": 8443,
        "methods": ["GET", "HEAD"],
        "is_from_staff": False,
        "created_at": "",
    }
    assert house.admin.get(RULES).json() == [made.json()]
    assert house.admin.delete(f"{RULES}/{made.json()['id']}").status_code == 204
    assert house.admin.get(RULES).json() == []


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "host"),
        ({"host": "127.0.0.1"}, "host"),
        ({"host": "api.example.org", "port": 70000}, "port"),
        ({"host": "api.example.org", "methods": ["P T"]}, "methods"),
        ({"host": "api.example.org", "methods": ["GTE"]}, "methods"),
        ({"host": "api.example.org", "methods": ["CONNECT"]}, "methods"),
        ({"host": "localhost"}, "host"),
        ({"host": "api.example.org", "scheme": "https"}, "scheme"),
    ],
)
def test_a_wrong_rule_is_refused_by_its_field(house, sent, field):
    answer = house.admin.post(RULES, sent, format="json")
    assert answer.status_code in (400, 422)
    assert field in answer.json()["errors"]


def test_the_same_rule_again_is_a_conflict(house):
    sent = {"host": "api.example.org"}
    assert house.admin.post(RULES, sent, format="json").status_code == 201
    assert house.admin.post(RULES, sent, format="json").status_code == 409


def test_requests_are_read_newest_first_and_by_run_call_and_verdict(house):
    first = request_of(house)
    second = request_of(house, run_id=first.run_id, refusal="not on the allowlist")
    viewer = house.client_of("viewer")

    def ids(**query):
        return [row["id"] for row in viewer.get(REQUESTS, query).json()["results"]]

    assert ids() == [second.id, first.id]
    assert ids(run_id=first.run_id) == [second.id, first.id]
    assert ids(call_id=first.call_id) == [first.id]
    assert ids(is_refused=True) == [second.id]
    assert ids(is_refused=False) == [first.id]
    assert ids(run_id=uuid.uuid4()) == []


def test_requests_of_another_tenant_are_not_seen(house):
    row = request_of(House.build())
    answer = house.admin.get(REQUESTS, {"call_id": row.call_id})
    assert answer.json()["results"] == []
