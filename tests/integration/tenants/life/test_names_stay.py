"""Who was deleted can still be read in the books."""

from typing import Any

import pytest
from django.urls import reverse

from agentplatform.core.clock import now
from apps.gateway.services.expire_reservations import expire_reservations
from apps.tenants.models import Tenant
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_staff
from apps.tenants.services.delete_tenant import delete_tenant
from apps.tenants.services.tend_tenants import tend_tenants

PASSWORD = "correct horse battery"


@pytest.mark.parametrize("model", ["tenant", "ledgerentry", "account"])
def test_the_admin_names_a_purged_tenant(client: Any, tenant: Tenant, model: str) -> None:
    delete_tenant(tenant_id=tenant.id, confirm_slug=tenant.slug, at=now())
    create_tenant(name="Acme", slug=tenant.slug, at=now())
    expire_reservations(at=now())
    tend_tenants(clock=now)
    create_staff(email="op@example.org", password=PASSWORD, at=now())
    client.post(reverse("admin:login"), {"username": "op@example.org", "password": PASSWORD})
    page = client.get(reverse(f"admin:tenants_{model}_changelist"))
    assert page.status_code == 200
    assert tenant.slug in page.content.decode()
