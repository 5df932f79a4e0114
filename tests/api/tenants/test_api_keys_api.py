"""/api/v1/api-keys"""

from datetime import timedelta
from uuid import uuid4

import pytest

from agentplatform.core.clock import now
from apps.tenants.models import ApiKey
from apps.tenants.services.authenticate import forget_credentials
from tests.api.tenants.house import stranger

URL = "/api/v1/api-keys"


@pytest.fixture(autouse=True)
def forgetful():
    forget_credentials()


def works(secret):
    forget_credentials()
    client = stranger()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client.get("/api/v1/me").status_code == 200


def make(admin, **fields):
    answer = admin.post(URL, {"name": "ci", "scopes": ["read"], **fields})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_key_is_shown_once_and_works(admin):
    made = make(admin)
    secret = made.pop("api_key")
    assert works(secret)
    shown = admin.get(f"{URL}/{made['id']}").json()
    assert shown.pop("last_used_at")
    assert shown == {name: value for name, value in made.items() if name != "last_used_at"}
    listed = admin.get(URL)
    assert secret not in listed.content.decode()
    assert listed.json()["results"][0]["id"] == made["id"]


def test_a_key_belongs_to_a_user_and_ends_when_it_is_told_to(house, admin):
    user, end = str(house.user()), now() + timedelta(days=1)
    made = make(admin, user_id=user, expires_at=end.isoformat())
    assert made["user_id"] == user
    assert made["expires_at"] == end.isoformat().replace("+00:00", "Z")


def test_a_revoked_key_is_refused_and_still_listed(admin):
    made = make(admin)
    assert admin.delete(f"{URL}/{made['id']}").status_code == 204
    assert not works(made["api_key"])
    assert admin.get(f"{URL}/{made['id']}").json()["revoked_at"]


def test_a_rotated_key_works_beside_its_successor(admin):
    old = make(admin)
    new = admin.post(f"{URL}/{old['id']}/rotate").json()
    assert works(old["api_key"])
    assert works(new["api_key"])
    assert (new["name"], new["scopes"], new["expires_at"]) == ("ci", ["read"], None)
    shown = admin.get(f"{URL}/{old['id']}").json()
    assert shown["rotated_at"]
    assert shown["expires_at"]


def test_a_rotation_without_an_overlap_ends_the_old_key_at_once(admin):
    old = make(admin)
    new = admin.post(f"{URL}/{old['id']}/rotate", {"overlap_seconds": 0}).json()
    assert not works(old["api_key"])
    assert works(new["api_key"])


def test_what_has_ended_is_not_rotated(admin):
    old = make(admin)
    admin.post(f"{URL}/{old['id']}/rotate")
    answer = admin.post(f"{URL}/{old['id']}/rotate")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_nobody_gets_a_right_through_a_key_that_they_make(house):
    limited = house.client_with(["admin"])
    answer = limited.post(URL, {"name": "ci", "scopes": ["admin", "run"]})
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"scopes": ["You do not hold run."]}


def test_nobody_gets_a_right_through_a_key_that_they_rotate(house):
    limited, count = house.client_with(["admin"]), ApiKey.objects.count()
    answer = limited.post(f"{URL}/{house.api_key()}/rotate")
    assert answer.status_code == 422
    assert ApiKey.objects.count() == count + 1


def test_two_live_keys_cannot_share_a_name(admin):
    make(admin)
    answer = admin.post(URL, {"name": "ci", "scopes": ["read"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_a_user_of_another_tenant_is_like_none(admin, other):
    count = ApiKey.objects.count()
    answers = [
        admin.post(URL, {"name": "ci", "scopes": ["read"], "user_id": str(user)})
        for user in (other.user(), uuid4())
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    bodies = [{**answer.json(), "trace_id": ""} for answer in answers]
    assert bodies[0] == bodies[1]
    assert ApiKey.objects.count() == count


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "n" * 101},
        {"name": "a\x00"},
        {"name": {}},
        {"scopes": []},
        {"scopes": None},
        {"scopes": "read"},
        {"scopes": ["platform"]},
        {"scopes": ["all"]},
        {"scopes": [["read"]]},
        {"scopes": ["read"] * 100},
        {"user_id": "me"},
        {"user_id": 10**30},
        {"expires_at": "2001-01-01T00:00:00Z"},
        {"expires_at": "0001-01-01T00:00:00+14:00"},
        {"expires_at": "9999-12-31T23:59:59-12:00"},
        {"expires_at": "soon"},
        {"expires_at": 5},
        {"prefix": "abcdefgh"},
        {"key_hash": "x"},
        {"tenant_id": "0199e8f0-0000-7000-8000-000000000000"},
    ],
    ids=repr,
)
def test_a_key_that_cannot_be_made_is_explained(admin, change):
    answer = admin.post(URL, {"name": "ci", "scopes": ["read"], **change})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.content


@pytest.mark.parametrize("seconds", [-1, 604_801, 10**30, "long", None, [], 1.5], ids=repr)
def test_a_wrong_overlap_is_explained(house, admin, seconds):
    key = house.api_key()
    answer = admin.post(f"{URL}/{key}/rotate", {"overlap_seconds": seconds})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.content
    assert ApiKey.objects.get(pk=key).rotated_at is None
