"""Mistakes in the database that the checks must find, planted one at a time."""

from collections.abc import Callable

import pytest
from django.core.checks import CheckMessage
from django.db.backends.base.base import BaseDatabaseWrapper

from agentplatform.core.postgresql.isolation.find import find_weaknesses
from agentplatform.core.postgresql.roles import ADMIN_ROLE, APPLICATION_ROLE
from agentplatform.core.postgresql.row_security import SCOPE

OWN = f"tenant_id = {SCOPE}"
BARE = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid"
DEFINER = "create function planted() returns int language sql security definer"
AS_ONE = "as 'select 1'; alter function planted owner to agentplatform_owner"
SAFE_PATH = "set search_path = pg_catalog, public, pg_temp"
NO_PUBLIC = "revoke execute on function planted from public"

Find = Callable[..., list[CheckMessage]]


@pytest.fixture
def find(superuser: BaseDatabaseWrapper) -> Find:
    """What is found after `planted` was run."""

    def find(
        *planted: str, application: str = APPLICATION_ROLE, admin: str | None = ADMIN_ROLE
    ) -> list[CheckMessage]:
        with superuser.cursor() as cursor:
            for statement in planted:
                cursor.execute(statement)
        return find_weaknesses(superuser, application=application, admin=admin)

    return find


def ids_of(found: list[CheckMessage]) -> list[str]:
    assert all(one.hint for one in found), "each says what to change"
    return sorted({str(one.id).removeprefix("tenancy.") for one in found})


def policy(rest: str) -> str:
    """Make the policy own_rows of runs anew."""
    return f"drop policy own_rows on runs; create policy own_rows on runs {rest}"


TABLES = {
    "a model without policy": (
        "E013 E014 E015",
        "create table planted (id int, tenant_id uuid)",
    ),
    "a model without policy and tenant": ("W001", "create table planted (id int)"),
    "one that the application may read": (
        "E011",
        f"create table planted (id int); grant select on planted to {APPLICATION_ROLE}",
    ),
    "one with a column that everybody may read": (
        "E011",
        "create table planted (id int); grant select (id) on planted to public",
    ),
    "a table of the platform": ("E011", f"grant insert on auth_group to {APPLICATION_ROLE}"),
    "the migrations, to write": (
        "E011",
        f"grant delete on django_migrations to {APPLICATION_ROLE}",
    ),
    "security that is off": ("E013", "alter table runs disable row level security"),
    "security that is not forced": ("E014", "alter table runs no force row level security"),
    "tenants without security": ("E013", "alter table tenants disable row level security"),
    "no policy": ("E015", "drop policy own_rows on runs"),
    "a policy without check": ("E015", policy(f"using ({OWN})")),
    "a policy with another check": ("E015", policy(f"using ({OWN}) with check (true)")),
    "a policy without the sub-select": (
        "E015",
        policy(f"using ({BARE}) with check ({BARE})"),
    ),
    "a policy of another setting": (
        "E015",
        policy(f"using ({OWN.replace('app.', 'my.')}) with check ({OWN})"),
    ),
    "a policy of another column": (
        "E015",
        policy(f"using ({OWN.replace('tenant_id =', 'id =')}) with check ({OWN})"),
    ),
    "a policy for reading alone": ("E015", policy(f"for select using ({OWN})")),
    "a policy for one role alone": (
        "E015",
        policy(f"to {ADMIN_ROLE} using ({OWN}) with check ({OWN})"),
    ),
    "a third policy": ("E015", "create policy third on runs using (true)"),
    "every row for the application": (
        "E015",
        f"alter policy every_row on runs to {ADMIN_ROLE}, {APPLICATION_ROLE}",
    ),
    "the right to truncate": ("E016", f"grant truncate on runs to {APPLICATION_ROLE}"),
    "the right to refer": ("E016", f"grant references (id) on runs to {APPLICATION_ROLE}"),
    "the admin's right to truncate": ("E016", f"grant truncate on runs to {ADMIN_ROLE}"),
    "a materialized view": (
        "E012",
        "create materialized view planted as select tenant_id from runs;"
        f" grant select on planted to {APPLICATION_ROLE}",
    ),
    "a plain foreign key": (
        "E021",
        "alter table steps add constraint planted foreign key (run_id) references runs (id)",
    ),
    "a second tenant": (
        "E021",
        "alter table runs add other uuid constraint planted references tenants (id)",
    ),
    "an audit that can be changed": ("E031", f"grant update on audit_entries to {ADMIN_ROLE}"),
    "a ledger that can be changed": (
        "E031",
        f"grant update (tokens) on ledger_entries to {APPLICATION_ROLE}",
    ),
    "an audit without its trigger": (
        "E032",
        "drop trigger audit_entries_append_only on audit_entries",
    ),
    "a ledger whose trigger is off": (
        "E032",
        "alter table ledger_entries disable trigger ledger_entries_append_only",
    ),
    "a function with its caller's path": ("E041", f"{DEFINER} {AS_ONE}; {NO_PUBLIC}"),
    "a path that begins with temporary tables": (
        "E041",
        f"{DEFINER} set search_path = pg_catalog, public {AS_ONE}; {NO_PUBLIC}",
    ),
    "a function of everybody": ("E042", f"{DEFINER} {SAFE_PATH} {AS_ONE}"),
    "a function of the superuser": (
        "E043",
        f"{DEFINER} {SAFE_PATH} as 'select 1'; {NO_PUBLIC}",
    ),
    "a view of its owner": ("E044", "create view planted as select * from runs"),
}


@pytest.mark.parametrize(("numbers", "planted"), TABLES.values(), ids=TABLES.keys())
def test_a_mistake_in_the_schema_is_found(find: Find, numbers: str, planted: str) -> None:
    assert ids_of(find(planted)) == numbers.split()


ROLES = {
    "a superuser": ("E001", "alter role planted superuser"),
    "one that bypasses": ("E001", "alter role planted bypassrls"),
    "one that makes roles": ("E001", "alter role planted createrole"),
    "one that replicates": ("E001", "alter role planted replication"),
    "the owner of a table": ("E002", "alter table runs owner to planted"),
    "the owner of a function": ("E002", "alter function book owner to planted"),
    "the owner of a schema": ("E002", "create schema planted authorization planted"),
    "a member of the admin": ("E003", f"grant {ADMIN_ROLE} to planted"),
    "a member of the owner": ("E003", "grant agentplatform_owner to planted"),
    "a member of the migrator": ("E003", "grant agentplatform_migrator to planted"),
    "a member of a member": (
        "E003",
        "create role planted_too; grant agentplatform_owner to planted_too;"
        " grant planted_too to planted",
    ),
    "a member that does not inherit": (
        "E003",
        f"alter role planted noinherit; grant {ADMIN_ROLE} to planted",
    ),
    "a member of one that bypasses": (
        "E003",
        "create role planted_too bypassrls; grant planted_too to planted",
    ),
    "a reader of all data": ("E003", "grant pg_read_all_data to planted"),
    "one that makes tables": ("E004", "grant create on schema public to planted"),
    "one with a tenant by default": (
        "E005",
        "alter role planted set app.tenant_id = '01a20688-4fb9-7466-bce7-6fe5cc91febb'",
    ),
}


@pytest.mark.parametrize("place", ["application", "admin"])
@pytest.mark.parametrize(("number", "planted"), ROLES.values(), ids=ROLES.keys())
def test_a_role_that_is_too_strong_is_found(
    find: Find, number: str, planted: str, place: str
) -> None:
    found = find("create role planted login", planted, **{place: "planted"})
    assert number in ids_of(found)
    assert any("planted" in one.msg for one in found if str(one.id).endswith(number))


def test_a_role_with_nothing_but_grants_is_no_mistake(find: Find) -> None:
    found = find(f"create role planted login in role {APPLICATION_ROLE}", application="planted")
    assert found == []


def test_one_role_for_both_is_found(find: Find) -> None:
    assert "E006" in ids_of(find(application=ADMIN_ROLE))


def test_a_process_without_the_admin_is_no_mistake(find: Find) -> None:
    assert find(admin=None) == []


def test_the_database_as_it_is_has_none(find: Find) -> None:
    assert find() == []


def test_a_database_without_tables_is_weak_in_its_roles_only(find: Find) -> None:
    found = find("drop schema public cascade", "create schema public")
    assert ids_of(found) == ["W002"]
    assert not any(one.is_serious() for one in found)
