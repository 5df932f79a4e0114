"""Who may call what: each endpoint by each kind of caller, from one table."""

import pytest

from apps.tenants.api.permissions import HasRight, need_of
from apps.tenants.states import RIGHTS_OF_TENANTS
from tests.api.tenants.document import broken_promises
from tests.api.tenants.endpoint import Endpoint
from tests.api.tenants.endpoints import ENDPOINTS
from tests.api.tenants.house import House, staff, stranger
from tests.api.tenants.views import METHODS, api_views

VIEWS = list(api_views())
HELD = {
    "viewer": {"read"},
    "member": {"read", "run", "gateway"},
    "admin": {"read", "run", "gateway", "admin"},
    **{f"key of {right}": {right} for right in RIGHTS_OF_TENANTS},
}
"""What each caller may do; who is not here is nobody."""


def methods_of(view):
    return [method for method in METHODS if hasattr(view, method)]


def test_the_table_names_every_endpoint_and_no_other():
    served = {(route, method) for route, view in VIEWS for method in methods_of(view)}
    assert {(one.route, one.method) for one in ENDPOINTS} == served


@pytest.mark.parametrize(("route", "view"), VIEWS, ids=[route for route, _ in VIEWS])
def test_a_view_says_what_each_of_its_methods_needs(route, view):
    assert view.permission_classes == [HasRight]
    for method in methods_of(view):
        assert need_of(view, method.upper()) in (*RIGHTS_OF_TENANTS, "any"), method


def callers(house: House):
    return {
        "stranger": stranger(),
        "staff": staff(),
        **{role: house.client_of(role) for role in ("viewer", "member", "admin")},
        **{f"key of {right}": house.client_with([right]) for right in RIGHTS_OF_TENANTS},
    }


def expected(endpoint: Endpoint, caller: str) -> int:
    if caller not in HELD:
        return 401
    return endpoint.status if endpoint.needs in HELD[caller] | {"any"} else 403


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_an_endpoint_answers_who_holds_its_right_and_nobody_else_as_the_document_says(
    house, endpoint
):
    answers = {name: endpoint.ask(who, house)[0] for name, who in callers(house).items()}
    assert {name: answer.status_code for name, answer in answers.items()} == {
        name: expected(endpoint, name) for name in answers
    }
    for caller in ("admin", "viewer", "stranger"):
        assert not broken_promises(endpoint, answers[caller])


def test_a_key_without_a_right_left_may_nothing(house):
    """A viewer's key of another scope: neither the person nor the key may."""
    client = house.client_with(["run"], user_id=house.user("viewer"))
    assert client.get("/api/v1/me").status_code == 403
