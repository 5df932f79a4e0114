"""/api/v1/rate-limits: how fast admins let users and keys call."""

import pytest

from agentplatform.core.clock import now
from apps.tenants.contracts import OWN_RATE, Rate
from apps.tenants.models import RateLimit
from apps.tenants.services.rate_limit import set_rate_limit

URL = "/api/v1/rate-limits"


def test_a_users_limit_is_set_shown_changed_and_given_back_to_the_default(admin, house):
    user_id = house.user()
    url = f"{URL}/users/{user_id}"
    assert admin.get(url).status_code == 404
    made = admin.put(url, {"requests_per_minute": 50, "tokens_per_minute": None}, format="json")
    assert made.status_code == 201
    shown = admin.get(url).json()
    assert shown.pop("changed_at")
    assert shown == {
        "owner": "user",
        "user_id": str(user_id),
        "api_key_id": None,
        "requests_per_minute": 50,
        "tokens_per_minute": None,
        "algorithm": "sliding_window",
    }
    rate = {"requests_per_minute": None, "tokens_per_minute": 9, "algorithm": "token_bucket"}
    changed = admin.put(url, rate, format="json")
    assert changed.status_code == 200
    assert rate.items() <= changed.json().items()
    assert admin.delete(url).status_code == 204
    assert admin.delete(url).status_code == 404


def test_the_list_holds_every_owner_newest_first(admin, house):
    rate = Rate(requests_per_minute=500, tokens_per_minute=None)
    set_rate_limit(tenant_id=house.tenant.id, owner=OWN_RATE, rate=rate, at=now())
    house.rated_user()
    house.rated_api_key()
    house.rate_of_each_user()
    results = admin.get(URL).json()["results"]
    assert [one["owner"] for one in results] == ["each_user", "api_key", "user", "tenant"]


def test_the_tenants_own_can_be_seen_and_not_set(admin, house):
    for method in (admin.put, admin.delete):
        assert method(f"{URL}/tenant", {"requests_per_minute": 9}, format="json").status_code == 404
    assert not RateLimit.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "requests_per_minute"),
        ({"requests_per_minute": 0, "tokens_per_minute": None}, "requests_per_minute"),
        ({"requests_per_minute": "many", "tokens_per_minute": None}, "requests_per_minute"),
        ({"requests_per_minute": 1, "tokens_per_minute": 10**13}, "tokens_per_minute"),
        ({"requests_per_minute": 1, "tokens_per_minute": None, "algorithm": "x"}, "algorithm"),
        ({"requests_per_minute": 1, "tokens_per_minute": None, "tenant": "x"}, "tenant"),
    ],
)
def test_what_is_wrong_is_named(admin, house, body, field):
    answer = admin.put(f"{URL}/users/{house.user()}", body, format="json")
    assert answer.status_code == 422
    assert field in answer.json()["errors"]
    assert not RateLimit.objects.exists()
