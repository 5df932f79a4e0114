"""/api/v1/model-routes and /api/v1/provider-keys"""

import pytest

from apps.tenants.facade import reveal_secret
from tests.api.tenants.house import House

pytestmark = pytest.mark.django_db
ROUTES, KEYS = "/api/v1/model-routes", "/api/v1/provider-keys"


@pytest.fixture
def house() -> House:
    return House.build()


def test_a_route_is_set_replaced_and_deleted(house: House) -> None:
    admin = house.client_of("admin")
    route = {"targets": ["openai:gpt-4o"], "on_context_window": ["openai:gpt-4.1"]}
    made = admin.put(f"{ROUTES}/smart", route)
    assert (made.status_code, made.json()) == (
        200,
        {"alias": "smart", **route, "on_content_filter": []},
    )
    admin.put(f"{ROUTES}/smart", {"targets": ["anthropic:claude-haiku-4-5"]})
    assert admin.get(ROUTES).json() == [
        {
            "alias": "smart",
            "targets": ["anthropic:claude-haiku-4-5"],
            "on_context_window": [],
            "on_content_filter": [],
        }
    ]
    assert admin.delete(f"{ROUTES}/smart").status_code == 204
    assert admin.get(ROUTES).json() == []


@pytest.mark.parametrize(
    ("alias", "body", "part"),
    [
        ("smart", {}, "targets"),
        ("smart", {"targets": []}, "targets"),
        ("smart", {"targets": ["gpt-4o"]}, "targets"),
        ("smart", {"targets": "openai:x"}, "targets"),
        ("smart", {"targets": ["openai:x"], "on_content_filter": ["y"]}, "on_content_filter"),
        ("Smart!", {"targets": ["openai:x"]}, "alias"),
    ],
)
def test_what_is_wrong_with_a_route_is_named(house: House, alias: str, body: dict, part: str):
    answer = house.client_of("admin").put(f"{ROUTES}/{alias}", body)
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {part}


def test_an_own_key_is_set_and_never_shown(house: House) -> None:
    admin = house.client_of("admin")
    made = admin.put(f"{KEYS}/openai", {"api_key": "hidden-own-key", "default_model": "gpt-5"})
    assert made.status_code == 201
    assert (made.json()["provider"], made.json()["default_model"]) == ("openai", "gpt-5")
    listed = admin.get(KEYS)
    assert "hidden" not in made.content.decode() + listed.content.decode()
    assert [one["provider"] for one in listed.json()] == ["openai"]
    assert admin.put(f"{KEYS}/openai", {}).status_code == 200
    revealed = reveal_secret(tenant_id=house.tenant.id, name="provider-openai")
    assert revealed == "hidden-own-key"
    assert "hidden" not in admin.get("/api/v1/audit").content.decode()
    assert admin.delete(f"{KEYS}/openai").status_code == 204
    assert admin.get("/api/v1/secrets").json()["results"] == []


@pytest.mark.parametrize(
    ("provider", "body", "part"),
    [
        ("acme", {"api_key": "k"}, "provider"),
        ("openai", {}, "api_key"),
        ("openai", {"api_key": "a b"}, "api_key"),
        ("openai", {"api_key": "k", "base_url": "http://10.0.0.1/v1"}, "base_url"),
        ("openai", {"api_key": "k", "default_model": "a b"}, "default_model"),
    ],
)
def test_what_is_wrong_with_a_key_is_named(house: House, provider: str, body: dict, part: str):
    answer = house.client_of("admin").put(f"{KEYS}/{provider}", body)
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {part}
