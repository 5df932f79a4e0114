"""`manage.py set_caps`, as an operator uses it."""

import pytest
from django.core.management import CommandError, call_command

from apps.tenants.models import AuditEntry, Tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant(db: None) -> Tenant:
    return Tenant.objects.create(name="Acme", slug="acme", max_runs_in_flight=4)


def caps(tenant: Tenant) -> tuple[int | None, int | None]:
    tenant.refresh_from_db()
    return tenant.max_runs_in_flight, tenant.max_calls_in_flight


def test_the_cap_that_is_not_named_stays(
    tenant: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("set_caps", "acme", "--calls", "10")
    assert caps(tenant) == (4, 10)
    assert capsys.readouterr().out == "acme: 4 runs, 10 calls in flight\n"
    call_command("set_caps", "acme", "--runs", "none")
    assert caps(tenant) == (None, 10)


def test_a_changed_cap_is_in_the_audit_once(tenant: Tenant) -> None:
    call_command("set_caps", "acme", "--runs", "2")
    call_command("set_caps", "acme", "--runs", "2")
    entry = AuditEntry.objects.get(action="caps.changed")
    assert (entry.actor_kind, entry.actor_id) == ("command", "set_caps")
    assert (entry.before, entry.after) == ({"max_runs_in_flight": 4}, {"max_runs_in_flight": 2})


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nobody", "--runs", "1"], "nobody"),
        (["acme"], "--runs"),
        (["acme", "--runs", "many"], "no number"),
        (["acme", "--runs", "0"], "runs: Let 1 to"),
        (["acme", "--calls", "-1"], "calls: Let 1 to"),
        (["acme", "--calls", str(2**31)], "calls: Let 1 to"),
    ],
)
def test_a_cap_that_cannot_be_is_explained(
    tenant: Tenant, arguments: list[str], complaint: str
) -> None:
    with pytest.raises(CommandError, match=complaint):
        call_command("set_caps", *arguments)
    assert caps(tenant) == (4, None)
