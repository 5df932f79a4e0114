"""`manage.py create_tenant` and `create_api_key`, as an operator uses them."""

import json
from io import StringIO

import pytest
from django.contrib import auth
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from apps.tenants.contracts import InvalidCredentials
from apps.tenants.facade import authenticate
from apps.tenants.models import Tenant, User
from apps.tenants.states import rights_of

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_a_tenant_is_created_with_its_admin():
    made = json.loads(
        run("create_tenant", "Acme Inc.", "--admin-email", "Ann@Example.org", "--json")
    )
    tenant = Tenant.objects.get()
    assert (made["tenant_id"], made["slug"]) == (str(tenant.id), "acme-inc")
    admin = User.objects.get(id=made["admin"]["user_id"])
    assert (admin.tenant_id, admin.email, admin.role) == (tenant.id, "ann@example.org", "admin")
    principal = authenticate(raw=made["admin"]["api_key"], at=now())
    assert (principal.user_id, principal.rights) == (admin.id, rights_of("admin"))


def test_staff_sign_in_with_a_password():
    made = json.loads(run("create_staff", "Op@Example.org", "--json"))
    staff = auth.authenticate(username="OP@example.org", password=made["password"])
    assert (staff.tenant_id, staff.is_superuser) == (None, True)


def test_a_weak_password_is_explained():
    with pytest.raises(CommandError, match="too short"):
        run("create_staff", "op@example.org", "--password", "123")
    assert not User.objects.exists()


def test_budgets_and_names_are_kept():
    run("create_tenant", "Acme", "--slug", "a-c", "--token-budget", "5000")
    tenant = Tenant.objects.get()
    assert (tenant.slug, tenant.name, tenant.token_budget_monthly) == ("a-c", "Acme", 5000)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("Acme",), "Choose another slug"),
        (("!!!",), "Give a slug"),
        (("B", "--slug", "not a slug"), "slug"),
        (("B", "--token-budget", "-1"), "zero or more"),
        (("B", "--admin-email", "nobody"), "email"),
        (("B" * 300,), "name"),
    ],
)
def test_what_cannot_be_created_is_explained_and_leaves_nothing(arguments, complaint):
    run("create_tenant", "Acme")
    with pytest.raises(CommandError, match=complaint):
        run("create_tenant", *arguments)
    assert (Tenant.objects.count(), User.objects.count()) == (1, 0)


def test_an_api_key_is_created_and_works():
    run("create_tenant", "Acme", "--admin-email", "ann@example.org")
    made = json.loads(
        run(
            "create_api_key",
            "acme",
            "--scopes",
            "read",
            "admin",
            "--user",
            "Ann@example.org",
            "--json",
        )
    )
    assert authenticate(raw=made["api_key"], at=now()).rights == {"read", "admin"}


def test_a_key_can_be_replaced():
    run("create_tenant", "Acme")
    old, new = (
        json.loads(run("create_api_key", "acme", "--replace", "--json"))["api_key"] for _ in "ab"
    )
    assert authenticate(raw=new, at=now())
    with pytest.raises(InvalidCredentials, match="revoked"):
        authenticate(raw=old, at=now())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("nobody",), "no tenant"),
        (("acme",), "already"),
        (("acme", "--name", "n", "--user", "who@example.org"), "no user"),
        (("acme", "--name", "n" * 101), "name"),
    ],
)
def test_a_key_that_cannot_be_created_is_explained(arguments, complaint):
    run("create_tenant", "Acme")
    run("create_api_key", "acme")
    with pytest.raises(CommandError, match=complaint):
        run("create_api_key", *arguments)
