"""The table of rights, cell by cell."""

import pytest

from apps.tenants.states import has_right, lesser_role

CELLS = {
    ("viewer", "read"): True,
    ("viewer", "run"): False,
    ("viewer", "manage"): False,
    ("member", "read"): True,
    ("member", "run"): True,
    ("member", "manage"): False,
    ("admin", "read"): True,
    ("admin", "run"): True,
    ("admin", "manage"): True,
}


@pytest.mark.parametrize(("cell", "allowed"), CELLS.items())
def test_a_role_holds_exactly_its_rights(cell, allowed):
    assert has_right(*cell) is allowed


@pytest.mark.parametrize(
    ("one", "other", "lesser"),
    [
        ("viewer", "admin", "viewer"),
        ("admin", "viewer", "viewer"),
        ("admin", "member", "member"),
        ("admin", "admin", "admin"),
    ],
)
def test_a_key_does_no_more_than_its_user_may(one, other, lesser):
    assert lesser_role(one, other) == lesser
