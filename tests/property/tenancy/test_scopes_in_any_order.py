"""However scopes, transactions, savepoints and errors are nested: a query sees its scope's rows."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import Context
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connections
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agentplatform.core.tenancy import (
    ADMIN,
    APPLICATION,
    ScopeError,
    current_scope,
    enter_tenant,
    no_scope,
    platform_scope,
    tenant_scope,
)
from agentplatform.core.transactions import scope_connection, transaction
from apps.tenants.models import Tenant

pytestmark = pytest.mark.django_db

LEAVES = st.sampled_from(["read", "read raw", "fail", ("enter", "a"), ("enter", "b")])
BLOCKS = ["a", "b", "platform", "none", "commits", "raises", "breaks"]
PROGRAMS = st.lists(
    st.recursive(
        LEAVES,
        lambda inner: st.tuples(st.sampled_from(BLOCKS), st.lists(inner, max_size=4)),
        max_leaves=12,
    ),
    max_size=6,
)


class Undone(Exception):
    """Ends a transaction."""


@dataclass(frozen=True)
class Expected:
    """What the rules of scopes say: whose rows are seen, and where transactions are open."""

    scope: str = "none"
    open_on: frozenset[str] = frozenset()

    @property
    def alias(self) -> str:
        return ADMIN if self.scope == "platform" else APPLICATION

    def may_open(self, wanted: str) -> bool:
        if self.scope in ("a", "b") and wanted != self.scope:
            return False
        aliases = {self.alias, replace(self, scope=wanted).alias}
        return wanted == self.scope or not aliases & self.open_on

    def may_enter(self, wanted: str) -> bool:
        return self.scope in ("none", wanted) and APPLICATION not in self.open_on


class Machine:
    """Runs a program and holds what it sees against what is expected."""

    def __init__(self, tenants: dict[str, UUID]) -> None:
        self.tenants = tenants
        self.seen = {
            "a": {tenants["a"]},
            "b": {tenants["b"]},
            "platform": set(tenants.values()),
            "none": set(),
        }

    def run(self, program: list[Any], expected: Expected) -> None:
        for part in program:
            expected = self.step(part, expected)
            self.look(expected)

    def step(self, part: Any, expected: Expected) -> Expected:
        """What is expected after `part`."""
        if part in ("read", "read raw"):
            self.look(expected)
        elif part == "fail":
            with pytest.raises(DatabaseError), transaction():
                ask("select 1 / 0")
        elif part[0] == "enter":
            return self.enter(part[1], expected)
        elif part[0] in ("commits", "raises", "breaks"):
            self.transact(part[0], part[1], expected)
        else:
            self.open(part[0], part[1], expected)
        return expected

    def enter(self, wanted: str, expected: Expected) -> Expected:
        if expected.may_enter(wanted):
            enter_tenant(self.tenants[wanted])
            return replace(expected, scope=wanted)
        with pytest.raises(ScopeError):
            enter_tenant(self.tenants[wanted])
        return expected

    def open(self, wanted: str, program: list[Any], expected: Expected) -> None:
        held = current_scope()
        if wanted == "none" or expected.may_open(wanted):
            with self.scope(wanted):
                self.run(program, replace(expected, scope=wanted))
        else:
            with pytest.raises(ScopeError), self.scope(wanted):
                raise AssertionError("the scope was opened")
        assert current_scope() == held

    def scope(self, wanted: str) -> AbstractContextManager[None]:
        if wanted in self.tenants:
            return tenant_scope(self.tenants[wanted])
        return platform_scope() if wanted == "platform" else no_scope()

    def transact(self, end: str, program: list[Any], expected: Expected) -> None:
        inside = replace(expected, open_on=expected.open_on | {expected.alias})
        with ends_with(end), transaction():
            self.run(program, inside)
            if end == "breaks":
                ask("select 1 / 0")
            if end == "raises":
                raise Undone

    def look(self, expected: Expected) -> None:
        wanted = self.seen[expected.scope]
        assert set(Tenant.objects.values_list("id", flat=True)) == wanted
        assert set(ask("select id from tenants")) == {(one,) for one in wanted}
        tenant_id = self.tenants.get(expected.scope)
        if expected.alias == APPLICATION:
            setting = ask("select nullif(current_setting('app.tenant_id', true), '')::uuid")
            assert setting == [(tenant_id,)]


@contextmanager
def ends_with(end: str) -> Iterator[None]:
    if end == "commits":
        yield
        return
    with pytest.raises(Undone if end == "raises" else DatabaseError):
        yield


def ask(query: str) -> list[tuple[Any, ...]]:
    with scope_connection().cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@pytest.fixture
def machine() -> Machine:
    return Machine({name: Tenant.objects.create(name=name, slug=name).id for name in "ab"})


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(program=PROGRAMS)
@example([("a", [("commits", [("breaks", ["read"]), "read", ("none", ["read"])])])])
@example([("commits", [("a", []), ("platform", ["read"])]), ("platform", [("a", ["read"])])])
@example([("enter", "a"), ("none", [("b", ["read"])]), "read"])
@example([("a", [("commits", [("raises", [("none", ["read"]), "read"]), "read"])])])
def test_a_query_sees_the_rows_of_its_scope_and_no_scope_is_widened(
    machine: Machine, program: list[Any]
) -> None:
    def run() -> None:
        with no_scope():
            machine.run(program, Expected())

    Context().run(run)
    assert not any(connections[alias].in_atomic_block for alias in (APPLICATION, ADMIN))
