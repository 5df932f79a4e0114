"""What is another tenant's looks like what does not exist; what is no id is no failure."""

import base64
from uuid import uuid4

import pytest

from tests.api.tenants.endpoints import ENDPOINTS

NAMED = [one for one in ENDPOINTS if "uuid" in one.route]
LISTS = ["tasks", "runs", "users", "api-keys", "secrets", "audit"]


@pytest.mark.parametrize("endpoint", NAMED, ids=str)
def test_an_id_of_another_tenant_is_like_none(house, other, admin, endpoint):
    foreign, missing = endpoint.names(other), uuid4()
    bodies = []
    for name in (foreign, missing):
        answer = endpoint.send(admin, name, endpoint.body(house))
        assert answer.status_code == 404
        bodies.append({**answer.json(), "trace_id": ""})
        bodies[-1]["detail"] = bodies[-1]["detail"].replace(str(name), "ID")
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize("endpoint", NAMED, ids=str)
@pytest.mark.parametrize("name", ["1", "null", "None", "x" * 5000, "..", "%2e%2e", "%F0"])
def test_what_is_no_id_is_not_found(admin, endpoint, name):
    answer = endpoint.send(admin, name, {})
    assert answer.status_code in (404, 405), answer.content
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("route", LISTS)
@pytest.mark.parametrize(
    "cursor",
    ["x", "p=abc", "p=", "p=\x00", "p=%00", f"p={'9' * 400}", f"p={'9' * 5000}", "o=x", "r=1&p=-1"],
    ids=ascii,
)
def test_a_cursor_that_was_not_handed_out_is_no_failure(admin, route, cursor):
    encoded = base64.b64encode(cursor.encode()).decode()
    answer = admin.get(f"/api/v1/{route}", {"cursor": encoded})
    assert answer.status_code in (200, 404), answer.content
    assert answer.status_code == 200 or "cursor" in answer.json()["detail"]
    assert admin.get(f"/api/v1/{route}", {"cursor": cursor.replace("\x00", "")}).status_code in (
        200,
        404,
    )


@pytest.mark.parametrize("route", LISTS)
@pytest.mark.parametrize("size", ["0", "-1", "201", "9" * 5000, "x", "1.5", ""])
def test_a_wrong_page_size_is_named(admin, route, size):
    answer = admin.get(f"/api/v1/{route}", {"page_size": size})
    assert (answer.status_code, [*answer.json()["errors"]]) == (422, ["page_size"])


@pytest.mark.parametrize(
    "route",
    ["alerts", "audit", "audit/export", "egress-requests", "runs", "tasks", "usage", "users"],
)
def test_a_filter_that_there_is_not_is_named(admin, route):
    answer = admin.get(f"/api/v1/{route}", {"stats": "FAILED"})
    assert (answer.status_code, [*answer.json()["errors"]]) == (422, ["stats"])
