"""/api/v1/tool-secrets"""

import pytest

from agentplatform.core.errors import NotFound
from agentplatform.core.tenancy import tenant_scope
from apps.tenants.facade import reveal_secret
from apps.tools.services.find_tool_secret import find_tool_secret
from tests.api.tenants.house import House

pytestmark = pytest.mark.django_db
SECRETS = "/api/v1/tool-secrets"
GOOD = {"value": "hidden-value", "hosts": ["api.example.org"]}


@pytest.fixture
def house() -> House:
    return House.build()


def test_a_secret_is_set_listed_and_deleted_and_its_value_never_shown(house: House) -> None:
    admin = house.client_of("admin")
    body = {**GOOD, "hosts": ["API.example.org", "*.example.com:8443"]}
    made = admin.put(f"{SECRETS}/crm", {**body, "sent_as": "header", "parameter": "X-Api-Key"})
    assert made.status_code == 201
    listed = admin.get(SECRETS)
    assert [one.pop("created_at") and one.pop("updated_at") and one for one in listed.json()] == [
        {
            "name": "crm",
            "hosts": ["api.example.org", "*.example.com:8443"],
            "sent_as": "header",
            "parameter": "X-Api-Key",
        }
    ]
    seen = [made, listed, admin.get("/api/v1/audit"), admin.get("/api/v1/secrets")]
    assert "hidden" not in "".join(answer.content.decode() for answer in seen)
    assert admin.delete(f"{SECRETS}/crm").status_code == 204
    assert admin.delete(f"{SECRETS}/crm").status_code == 404
    assert admin.get("/api/v1/secrets").json()["results"] == []


def test_a_value_is_rotated_and_stays_when_it_is_left_out(house: House) -> None:
    admin = house.client_of("admin")
    admin.put(f"{SECRETS}/crm", {**GOOD, "hosts": ["a.example.org", "b.example.org"]})
    kept = admin.put(f"{SECRETS}/crm", {"hosts": ["a.example.org"]})
    assert (kept.status_code, kept.json()["hosts"]) == (200, ["a.example.org"])
    assert reveal_secret(tenant_id=house.tenant.id, name="tool-crm") == "hidden-value"
    rotated = {"value": "another-value", "hosts": ["a.example.org"]}
    assert admin.put(f"{SECRETS}/crm", rotated).status_code == 200
    assert reveal_secret(tenant_id=house.tenant.id, name="tool-crm") == "another-value"


def test_a_value_is_not_bound_to_another_host_without_being_given_again(house: House) -> None:
    admin = house.client_of("admin")
    admin.put(f"{SECRETS}/crm", GOOD)
    answer = admin.put(f"{SECRETS}/crm", {"hosts": ["api.example.org", "evil.example.org"]})
    assert (answer.status_code, set(answer.json()["errors"])) == (422, {"value"})


@pytest.mark.parametrize(
    ("name", "body", "part"),
    [
        ("Crm!", {}, "name"),
        ("crm", {"value": None}, "value"),
        ("crm", {"value": "short"}, "value"),
        ("crm", {"value": "line\nbreak-it"}, "value"),
        ("crm", {"hosts": ["10.0.0.1"]}, "hosts"),
        ("crm", {"hosts": ["*.org"]}, "hosts"),
        ("crm", {"hosts": []}, "hosts"),
        ("crm", {"sent_as": "cookie"}, "sent_as"),
        ("crm", {"parameter": "x"}, "parameter"),
        ("crm", {"sent_as": "header"}, "parameter"),
        ("crm", {"sent_as": "header", "parameter": "Host"}, "parameter"),
        ("crm", {"sent_as": "header", "parameter": "a b"}, "parameter"),
        ("crm", {"sent_as": "query"}, "parameter"),
        ("crm", {"sent_as": "basic", "parameter": "a:b"}, "parameter"),
    ],
)
def test_what_is_wrong_with_a_secret_is_named(house: House, name: str, body: dict, part: str):
    answer = house.client_of("admin").put(f"{SECRETS}/{name}", {**GOOD, **body})
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {part}


def test_a_tool_is_given_the_secrets_of_its_own_tenant(house: House) -> None:
    house.client_of("admin").put(f"{SECRETS}/crm", GOOD)
    with tenant_scope(house.tenant.id):
        assert find_tool_secret(tenant_id=house.tenant.id, name="crm").value == "hidden-value"
    other = House.build().tenant
    with tenant_scope(other.id), pytest.raises(NotFound):
        find_tool_secret(tenant_id=other.id, name="crm")
    with tenant_scope(other.id), pytest.raises(NotFound):
        find_tool_secret(tenant_id=house.tenant.id, name="crm")
