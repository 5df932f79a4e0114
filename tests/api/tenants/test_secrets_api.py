"""/api/v1/secrets"""

import pytest

from apps.tenants.facade import reveal_secret
from apps.tenants.models import Secret

URL = "/api/v1/secrets"


def test_a_secret_is_set_listed_and_never_shown(house, admin):
    answer = admin.put(f"{URL}/smtp-password", {"value": " hush \n"})
    assert answer.status_code == 201
    assert set(answer.json()) == {"name", "created_at", "updated_at"}
    listed = admin.get(URL)
    assert [secret["name"] for secret in listed.json()["results"]] == ["smtp-password"]
    assert "hush" not in listed.content.decode() + answer.content.decode()
    assert reveal_secret(tenant_id=house.tenant.id, name="smtp-password") == " hush \n"
    assert "hush" not in Secret.objects.get().ciphertext


def test_setting_again_replaces(house, admin):
    admin.put(f"{URL}/token", {"value": "one"})
    assert admin.put(f"{URL}/token", {"value": "two"}).status_code == 200
    assert reveal_secret(tenant_id=house.tenant.id, name="token") == "two"


def test_a_deleted_secret_is_gone(admin):
    admin.put(f"{URL}/token", {"value": "one"})
    assert admin.delete(f"{URL}/token").status_code == 204
    answer = admin.delete(f"{URL}/token")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert admin.get(URL).json()["results"] == []


def test_secrets_of_two_tenants_do_not_meet(house, admin, other):
    admin.put(f"{URL}/token", {"value": "ours"})
    assert other.admin.delete(f"{URL}/token").status_code == 404
    assert other.admin.put(f"{URL}/token", {"value": "theirs"}).status_code == 201
    assert reveal_secret(tenant_id=house.tenant.id, name="token") == "ours"


@pytest.mark.parametrize("size", [8192, 8193])
def test_a_value_holds_8_kib(admin, size):
    answer = admin.put(f"{URL}/token", {"value": "ä" * (size // 2) + "x" * (size % 2)})
    assert answer.status_code == (201 if size == 8192 else 422)


@pytest.mark.parametrize(
    "body",
    [{}, {"value": ""}, {"value": None}, {"value": []}, {"value": "a\x00b"}, {"name": "x"}, []],
    ids=repr,
)
def test_a_wrong_value_is_explained(admin, body):
    answer = admin.put(f"{URL}/token", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert not Secret.objects.exists()


@pytest.mark.parametrize("name", ["Token", "1token", "a.b", "-a", "ä", "a" * 64, "a%20b", "a%0A"])
def test_a_wrong_name_is_explained(admin, name):
    answer = admin.put(f"{URL}/{name}", {"value": "x"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert set(answer.json()["errors"]) == {"name"}
    assert admin.delete(f"{URL}/{name}").status_code == 404
