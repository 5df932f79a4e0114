"""`manage.py suspend_tenant`, `resume_tenant` and `delete_tenant`, as an operator uses them."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agentplatform.core.clock import now
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.services.create_tenant import create_tenant


@pytest.fixture
def acme(db: None) -> Tenant:
    return create_tenant(name="Acme", at=now())


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def status(tenant: Tenant) -> str:
    return Tenant.objects.values_list("status", flat=True).get(id=tenant.id)


def answer(monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    def typed(_question: str) -> str:
        if text is None:
            raise EOFError
        return text

    monkeypatch.setattr("builtins.input", typed)


def test_a_tenant_is_suspended_and_resumed(acme: Tenant) -> None:
    assert "acme is suspended" in run("suspend_tenant", "acme", "--reason", "unpaid")
    assert status(acme) == "suspended"
    assert "acme is active" in run("resume_tenant", "acme")
    assert status(acme) == "active"
    entry = AuditEntry.objects.get(action="tenant.suspended")
    assert (entry.actor_kind, entry.actor_id) == ("command", "suspend_tenant")
    assert entry.after["reason"] == "unpaid"


def test_deleting_asks_for_the_slug(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "acme")
    assert "acme is deleted" in run("delete_tenant", "acme")
    assert status(acme) == "deleted"


@pytest.mark.parametrize("typed", ["yes", "", None])
def test_nothing_is_deleted_without_the_slug(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, typed: str | None
) -> None:
    answer(monkeypatch, typed)
    with pytest.raises(CommandError, match="Type the slug"):
        run("delete_tenant", "acme")
    assert status(acme) == "active"


def test_the_slug_may_be_given_beforehand(acme: Tenant) -> None:
    with pytest.raises(CommandError, match="Type the slug"):
        run("delete_tenant", "acme", "--yes-delete", "other")
    run("delete_tenant", "acme", "--yes-delete", "acme")
    assert status(acme) == "deleted"


@pytest.mark.parametrize("command", ["suspend_tenant", "resume_tenant", "delete_tenant"])
def test_an_unknown_or_deleted_tenant_is_said_to_be_unknown(acme: Tenant, command: str) -> None:
    run("delete_tenant", "acme", "--yes-delete", "acme")
    extra: Any = ("--yes-delete", "acme") if command == "delete_tenant" else ()
    with pytest.raises(CommandError, match="no tenant with the slug 'acme'"):
        run(command, "acme", *extra)
