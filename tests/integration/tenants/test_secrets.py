"""Secrets of tenants at rest: bound to their row, encrypted anew under a new key."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from io import StringIO
from threading import Barrier, Event

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from pydantic import SecretStr

from agentplatform.core.clock import now
from agentplatform.core.encryption import CannotDecrypt, needs_rotation
from agentplatform.core.errors import NotFound
from agentplatform.core.key_ring import render_key
from agentplatform.core.tenancy import tenant_scope
from agentplatform.core.transactions import transaction
from apps.tenants.facade import delete_secret, reveal_secret, set_secret
from apps.tenants.models import AuditEntry, Secret
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.rotate_secrets import rotate_secrets

pytestmark = pytest.mark.django_db
OLD, NEW = render_key("old"), render_key("new")


@pytest.fixture
def use_keys(settings):
    def use(*keys):
        settings.PLATFORM = settings.PLATFORM.model_copy(
            update={"encryption_keys": SecretStr(",".join(keys))}
        )

    use(OLD)
    return use


@pytest.fixture
def tenant(use_keys):
    return create_tenant(name="Acme", at=now())


def put(tenant, name, value="hush"):
    return set_secret(tenant_id=tenant.id, name=name, value=value, at=now())


def reveal(tenant, name):
    return reveal_secret(tenant_id=tenant.id, name=name)


def old_ones():
    return [one.name for one in Secret.objects.all() if needs_rotation(one.ciphertext)]


def test_a_secret_is_revealed_inside_its_own_tenant_alone(tenant):
    put(tenant, "token")
    other = create_tenant(name="Other", at=now())
    with tenant_scope(tenant.id):
        assert reveal(tenant, "token") == "hush"
    with tenant_scope(other.id), pytest.raises(NotFound):
        reveal(tenant, "token")
    with pytest.raises(NotFound):
        delete_secret(tenant_id=other.id, name="token", at=now())


def test_a_ciphertext_copied_to_another_row_is_worthless(tenant):
    secret, _ = put(tenant, "token")
    put(tenant, "copy")
    Secret.objects.filter(name="copy").update(ciphertext=secret.ciphertext)
    with pytest.raises(CannotDecrypt):
        reveal(tenant, "copy")


def test_two_writers_of_a_new_name_leave_one_secret(tenant):
    start = Barrier(4)

    def write(number):
        start.wait(timeout=30)
        try:
            with tenant_scope(tenant.id):
                return put(tenant, "token", f"value {number}")[1]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(copy_context().run, write, number) for number in range(4)]
        made = sorted(one.result(timeout=60) for one in asked)
    assert made == [False, False, False, True]
    assert reveal(tenant, "token").startswith("value ")
    assert AuditEntry.objects.filter(target_kind="secret").count() == 4


def test_rotating_encrypts_every_tenants_secrets_under_the_first_key(tenant, use_keys):
    other = create_tenant(name="Other", at=now())
    names = [f"s{number}" for number in range(5)]
    for name in names:
        put(tenant, name, f"{name} of Acme")
    put(other, "s0", "s0 of Other")
    use_keys(NEW, OLD)
    before = dict(Secret.objects.values_list("id", "updated_at"))
    assert rotate_secrets(at=now(), batch=2).rotated == 6
    use_keys(NEW)
    assert [reveal(tenant, name) for name in names] == [f"{name} of Acme" for name in names]
    assert reveal(other, "s0") == "s0 of Other"
    assert dict(Secret.objects.values_list("id", "updated_at")) == before


def test_rotating_again_changes_nothing(tenant, use_keys):
    put(tenant, "token")
    use_keys(NEW, OLD)
    rotate_secrets(at=now())
    held, count = Secret.objects.get().ciphertext, AuditEntry.objects.count()
    assert rotate_secrets(at=now()).rotated == 0
    assert (Secret.objects.get().ciphertext, AuditEntry.objects.count()) == (held, count)


def test_what_cannot_be_read_stays_and_does_not_stop_the_rest(tenant, use_keys):
    put(tenant, "lost")
    use_keys(NEW)
    put(tenant, "kept")
    newest = render_key("newest")
    use_keys(newest, NEW)
    result = rotate_secrets(at=now(), batch=1)
    assert (result.rotated, result.failed) == (1, 1)
    assert old_ones() == ["lost"]


def test_a_secret_that_is_being_written_is_passed_over(tenant, use_keys):
    put(tenant, "busy")
    put(tenant, "idle")
    use_keys(NEW, OLD)
    is_locked, may_end = Event(), Event()

    def hold():
        try:
            with transaction():
                Secret.objects.select_for_update().get(name="busy")
                is_locked.set()
                may_end.wait(timeout=30)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(copy_context().run, hold)
        assert is_locked.wait(timeout=30)
        assert rotate_secrets(at=now()).rotated == 1
        may_end.set()
        holding.result(timeout=60)
    assert old_ones() == ["busy"]
    assert rotate_secrets(at=now()).rotated == 1


def test_the_command_says_what_it_did_and_who_ran_it_is_written_down(tenant, use_keys):
    put(tenant, "token")
    use_keys(NEW, OLD)
    out = StringIO()
    call_command("rotate_secrets", stdout=out)
    assert "the key new: 1" in out.getvalue()
    entry = AuditEntry.objects.get(action="secrets.rotated")
    assert (entry.actor_kind, entry.actor_id, entry.tenant_id) == (
        "command",
        "rotate_secrets",
        None,
    )
    assert (entry.target_id, entry.after) == ("new", {"count": 1})


def test_the_command_fails_for_what_it_cannot_read(tenant, use_keys):
    put(tenant, "token")
    use_keys(NEW)
    with pytest.raises(CommandError, match="cannot be read: 1"):
        call_command("rotate_secrets", stdout=StringIO())
