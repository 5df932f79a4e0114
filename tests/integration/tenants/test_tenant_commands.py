"""`manage.py create_tenant` and `create_api_key`, as an operator uses them."""

import json
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from apps.tenants.contracts import InvalidCredentials
from apps.tenants.facade import authenticate_key
from apps.tenants.models import Tenant, User

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
    admin = authenticate(username="ANN@example.org", password=made["admin"]["password"])
    assert (admin.tenant_id, admin.role, admin.is_staff) == (tenant.id, "admin", False)


def test_the_first_operator_may_be_platform_staff():
    run("create_tenant", "Acme", "--admin-email", "ann@example.org", "--platform-staff")
    assert User.objects.get().is_superuser


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
        (("B", "--admin-email", "b@x.org", "--admin-password", "123"), "too short"),
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
        run("create_api_key", "acme", "--role", "admin", "--user", "Ann@example.org", "--json")
    )
    assert authenticate_key(raw=made["api_key"], at=now()).role == "admin"


def test_a_key_can_be_replaced():
    run("create_tenant", "Acme")
    old, new = (
        json.loads(run("create_api_key", "acme", "--replace", "--json"))["api_key"] for _ in "ab"
    )
    assert authenticate_key(raw=new, at=now())
    with pytest.raises(InvalidCredentials, match="revoked"):
        authenticate_key(raw=old, at=now())


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
