"""/api/v1/users"""

import pytest

from apps.tenants.models import User

URL = "/api/v1/users"


def test_a_user_is_added_seen_and_changed(admin):
    made = admin.post(URL, {"email": "Ann@Example.org", "role": "viewer"})
    assert made.status_code == 201
    user = made.json()
    assert (user["email"], user["role"], user["is_active"]) == ("ann@example.org", "viewer", True)
    assert admin.get(f"{URL}/{user['id']}").json() == user
    changed = admin.patch(f"{URL}/{user['id']}", {"role": "member", "is_active": False}).json()
    assert changed == {**user, "role": "member", "is_active": False}


def test_a_user_is_a_member_unless_it_is_said(admin):
    assert admin.post(URL, {"email": "ann@example.org"}).json()["role"] == "member"


def test_two_users_cannot_have_one_address(admin):
    admin.post(URL, {"email": "ann@example.org"})
    answer = admin.post(URL, {"email": "ANN@example.org"})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_an_address_that_another_tenant_has_is_free(admin, other):
    other.admin.post(URL, {"email": "ann@example.org"})
    assert admin.post(URL, {"email": "ann@example.org"}).status_code == 201


def test_users_are_listed_newest_first_and_found_by_address_and_role(admin, other):
    other.admin.post(URL, {"email": "ann@example.org"})
    ann = admin.post(URL, {"email": "ann@example.org", "role": "viewer"}).json()
    bob = admin.post(URL, {"email": "bob@example.org", "role": "viewer"}).json()

    def found(**query):
        return [user["id"] for user in admin.get(URL, query).json()["results"]]

    assert found()[:2] == [bob["id"], ann["id"]]
    assert len(found()) == 3
    assert found(email="Ann@example.org") == [ann["id"]]
    assert found(role="viewer") == [bob["id"], ann["id"]]
    assert found(role="viewer", email="bob@example.org") == [bob["id"]]
    assert found(email="nobody@example.org") == []


def test_the_last_admin_stays(house, admin):
    (last,) = User.objects.filter(tenant=house.tenant, role="admin")
    for change in ({"role": "viewer"}, {"is_active": False}):
        answer = admin.patch(f"{URL}/{last.id}", change)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert "last active admin" in answer.json()["detail"]


def test_an_admin_may_step_down_beside_another(house, admin):
    house.user("admin")
    me = admin.get("/api/v1/me").json()["user"]["id"]
    assert admin.patch(f"{URL}/{me}", {"role": "viewer"}).json()["role"] == "viewer"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "nobody"},
        {"email": ""},
        {"email": f"{'a' * 300}@example.org"},
        {"email": 7},
        {"email": ["ann@example.org"]},
        {"email": "a\x00@example.org"},
        {"email": "ann@example.org", "role": "staff"},
        {"email": "ann@example.org", "role": "owner"},
        {"email": "ann@example.org", "role": None},
        {"email": "ann@example.org", "is_staff": True},
        {"email": "ann@example.org", "tenant_id": "0199e8f0-0000-7000-8000-000000000000"},
        {"email": "ann@example.org", "cognito_subject": "s"},
        {"email": "ann@example.org", "password": "p"},
    ],
    ids=repr,
)
def test_who_cannot_be_added_is_explained(admin, body):
    count = User.objects.count()
    answer = admin.post(URL, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.content
    assert User.objects.count() == count


@pytest.mark.parametrize(
    "body",
    [{"role": "staff"}, {"role": 1}, {"is_active": "x"}, {"email": "new@example.org"}, [1]],
    ids=repr,
)
def test_what_cannot_be_changed_is_explained(house, admin, body):
    answer = admin.patch(f"{URL}/{house.user()}", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


@pytest.mark.parametrize("query", [{"role": "owner"}, {"email": "a" * 300}])
def test_a_wrong_filter_is_explained(admin, query):
    answer = admin.get(URL, query)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert set(answer.json()["errors"]) == set(query)
