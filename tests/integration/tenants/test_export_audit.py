"""`manage.py export_audit`"""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from agentplatform.core.clock import now
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_staff, create_user

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = StringIO()
    call_command("export_audit", *arguments, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def actions(*arguments):
    return [entry["action"] for entry in run(*arguments)]


@pytest.fixture
def acme():
    return create_tenant(name="Acme", at=now())


def test_a_tenants_changes_are_written_oldest_first(acme):
    other = create_tenant(name="Other", at=now())
    create_user(tenant_id=acme.id, email="ann@example.org", at=now())
    create_user(tenant_id=other.id, email="bob@example.org", at=now())
    assert actions("acme") == ["tenant.created", "user.created"]
    assert {entry["tenant_id"] for entry in run("acme")} == {str(acme.id)}


def test_without_a_slug_everything_is_written_the_platforms_own_too(acme):
    create_staff(email="op@example.org", password="a long enough one", at=now())
    assert [entry["tenant_id"] for entry in run()] == [str(acme.id), None]


def test_times_bound_what_is_written(acme):
    middle = now()
    create_user(tenant_id=acme.id, email="ann@example.org", at=now())
    assert actions("acme", "--since", middle.isoformat()) == ["user.created"]
    assert actions("acme", "--until", middle.isoformat()) == ["tenant.created"]
    assert actions("--since", "2001-01-01", "--until", "2001-01-02") == []


def test_the_holder_of_a_slug_goes_before_who_had_it(acme):
    acme.status = "deleted"
    acme.save()
    assert actions("acme") == ["tenant.created"]
    again = create_tenant(name="Acme", at=now())
    assert [entry["tenant_id"] for entry in run("acme")] == [str(again.id)]


@pytest.mark.parametrize("arguments", [("nobody",), ("--since", "soon"), ("--until", "2026-13-01")])
def test_what_cannot_be_exported_is_explained(acme, arguments):
    with pytest.raises(CommandError):
        run(*arguments)
