"""Secrets of tools at rest, and in the admin."""

import pytest
from django.test import Client
from pydantic import SecretStr
from structlog.testing import capture_logs

from agentplatform.core.clock import now
from agentplatform.core.key_ring import render_key
from apps.tenants.facade import delete_secret, reveal_secret
from apps.tenants.models import User
from apps.tenants.services.rotate_secrets import rotate_secrets
from apps.tools.models import ToolSecret
from apps.tools.runners.work import ToolFailure
from apps.tools.services.find_tool_secret import find_tool_secret
from apps.tools.services.set_tool_secret import set_tool_secret

OLD, NEW = render_key("old"), render_key("new")
VALUE = "hidden-value"


@pytest.fixture
def use_keys(settings):
    def use(*keys):
        ring = SecretStr(",".join(keys))
        settings.PLATFORM = settings.PLATFORM.model_copy(update={"encryption_keys": ring})

    return use


def keep(tenant):
    set_tool_secret(
        tenant_id=tenant.id, name="crm", value=VALUE, hosts=["api.example.org"], at=now()
    )


def find(tenant):
    return find_tool_secret(tenant_id=tenant.id, name="crm")


def test_a_value_outlives_the_key_that_it_was_encrypted_with(tenant, use_keys):
    use_keys(OLD)
    keep(tenant)
    use_keys(NEW, OLD)
    assert rotate_secrets(at=now()).rotated == 1
    use_keys(NEW)
    assert find(tenant).value == VALUE


def test_a_value_that_cannot_be_read_is_said_so_and_logged_without_it(tenant, use_keys):
    use_keys(OLD)
    keep(tenant)
    use_keys(NEW)
    with capture_logs() as lines, pytest.raises(ToolFailure) as failure:
        find(tenant)
    assert failure.value.code == "secret_unavailable"
    assert [line["event"] for line in lines] == ["tool.secret_unreadable"]
    use_keys(OLD)
    delete_secret(tenant_id=tenant.id, name="tool-crm", at=now())
    with pytest.raises(ToolFailure, match="set its value again"):
        find(tenant)


def test_staff_sets_a_secret_that_no_page_shows(tenant, client: Client):
    client.force_login(
        User.objects.create(email="op@example.org", is_staff=True, is_superuser=True)
    )
    add = "/admin/tools/toolsecret/add/"
    form = {
        "tenant": str(tenant.id), "name": "crm", "value": VALUE, "hosts": "a.test, *.b.test",
        "sent_as": "bearer",
    }  # fmt: skip
    refused = client.post(add, form | {"hosts": "10.0.0.1"}).content.decode()
    assert "is no host like" in refused
    assert VALUE not in refused
    assert client.post(add, form).status_code == 302
    row = ToolSecret.objects.get()
    assert row.hosts == ["a.test", "*.b.test"]
    page = f"/admin/tools/toolsecret/{row.pk}/change/"
    for address in (page, "/admin/tools/toolsecret/"):
        assert VALUE not in client.get(address).content.decode()
    assert client.post(page, {"hosts": "a.test", "sent_as": "bearer"}).status_code == 302
    assert reveal_secret(tenant_id=tenant.id, name="tool-crm") == VALUE
    assert client.post(f"/admin/tools/toolsecret/{row.pk}/delete/", {"post": "yes"})
    assert not ToolSecret.objects.exists()
