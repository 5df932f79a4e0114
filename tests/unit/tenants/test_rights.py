"""The table of rights, cell by cell."""

from typing import get_args

import pytest

from apps.tenants.contracts import Right, Role
from apps.tenants.states import RIGHTS, RIGHTS_OF_TENANTS, lesser_role, rights_of

HELD = {
    "viewer": {"read"},
    "member": {"read", "run", "gateway"},
    "admin": {"read", "run", "gateway", "admin"},
    "staff": {"platform"},
}


@pytest.mark.parametrize("right", get_args(Right))
@pytest.mark.parametrize("role", get_args(Role))
def test_a_role_holds_exactly_its_rights(role, right):
    assert (right in RIGHTS[role]) is (right in HELD[role])


def test_a_key_may_hold_what_an_admin_may_and_nothing_of_the_platform():
    assert set(RIGHTS_OF_TENANTS) == HELD["admin"]


@pytest.mark.parametrize(
    ("role", "scopes", "rights"),
    [
        ("viewer", ["read", "run", "admin"], {"read"}),
        ("admin", ["gateway"], {"gateway"}),
        ("member", ["admin"], set()),
        ("member", None, {"read", "run", "gateway"}),
    ],
)
def test_a_key_does_no_more_than_its_user_may(role, scopes, rights):
    assert rights_of(role, scopes) == rights


@pytest.mark.parametrize(
    ("one", "other", "lesser"),
    [
        ("viewer", "admin", "viewer"),
        ("admin", "viewer", "viewer"),
        ("admin", "member", "member"),
        ("admin", "admin", "admin"),
    ],
)
def test_of_two_roles_the_lesser_counts(one, other, lesser):
    assert lesser_role(one, other) == lesser
