"""What each role may do, and which role a key of a user has: one table, no database."""

from typing import get_args

from apps.tenants.contracts import Right, Role

RIGHTS: dict[Role, frozenset[Right]] = {
    "viewer": frozenset({"read"}),
    "member": frozenset({"read", "run"}),
    "admin": frozenset({"read", "run", "manage"}),
}
ROLES: tuple[Role, ...] = get_args(Role)


def has_right(role: Role, right: Right) -> bool:
    """Whether `role` may do what needs `right`."""
    return right in RIGHTS[role]


def lesser_role(one: Role, other: Role) -> Role:
    """The role with fewer rights: a key never does more than the user behind it may."""
    return min(one, other, key=lambda role: len(RIGHTS[role]))
