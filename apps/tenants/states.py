"""Who may do what: one table, no database. And what may follow what in the life of a tenant."""

from collections.abc import Iterable
from typing import get_args

from agentplatform.core.state_machine import StateMachine
from apps.tenants.contracts import AlertKind, Right, Role

RIGHTS: dict[Role, frozenset[Right]] = {
    "viewer": frozenset({"read"}),
    "member": frozenset({"read", "run", "gateway"}),
    "admin": frozenset({"read", "run", "gateway", "admin"}),
    "staff": frozenset({"platform"}),
}
"""`read` sees; `run` starts, stops and defines; `gateway` calls models; `admin` manages the
tenant's people, keys and settings. `platform` manages tenants, in the admin site: staff hold no
right over a tenant's API."""

ROLES_OF_TENANTS: tuple[Role, ...] = ("viewer", "member", "admin")
RIGHTS_OF_TENANTS: tuple[Right, ...] = tuple(
    right for right in get_args(Right) if right in RIGHTS["admin"]
)

ALERT_KINDS: tuple[AlertKind, ...] = get_args(AlertKind)

TENANT = StateMachine(
    "tenant",
    {
        "active": frozenset({"suspended", "deleted"}),
        "suspended": frozenset({"active", "deleted"}),
        "deleted": frozenset(),
    },
)


def rights_of(role: Role, scopes: Iterable[str] | None = None) -> frozenset[Right]:
    """What `role` may do, through a key of these scopes if there is one: a key never does more than
    the person behind it may."""
    rights = RIGHTS[role]
    return rights if scopes is None else rights & frozenset(scopes)


def lesser_role(one: Role, other: Role) -> Role:
    """The role with fewer rights."""
    return min(one, other, key=lambda role: len(RIGHTS[role]))
