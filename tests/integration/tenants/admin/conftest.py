"""A member of staff in front of the admin site, and a tenant to work on."""

import pytest
from django.urls import reverse

from agentplatform.core.clock import now
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_staff

PASSWORD = "correct horse battery"


@pytest.fixture
def tenant(db):
    return create_tenant(name="Acme", token_budget=1000, at=now())


@pytest.fixture
def operator(db):
    return create_staff(email="op@example.org", password=PASSWORD, at=now())


@pytest.fixture
def staff(client, operator):
    """A browser that is signed in."""
    form = {"username": "Op@Example.org", "password": PASSWORD}
    assert client.post(reverse("admin:login"), form).status_code == 302
    return client


@pytest.fixture
def send(staff):
    """`send(view, *arguments, **form)` posts a form to a page of the admin of tenants."""

    def post(view, *arguments, **form):
        return staff.post(reverse(f"admin:tenants_{view}", args=arguments), form)

    return post


@pytest.fixture
def see(staff):
    """`see(view, *arguments, **query)` is the text of a page."""

    def get(view, *arguments, **query):
        page = staff.get(reverse(f"admin:tenants_{view}", args=arguments), query)
        assert page.status_code == 200
        return page.content.decode()

    return get
