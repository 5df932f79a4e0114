"""What staff see of a tenant's usage."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from agentplatform.core.clock import now
from apps.gateway.admin import usage_form
from apps.gateway.models import LlmEvent
from apps.tenants.models import Tenant, User
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_user

pytestmark = pytest.mark.django_db
PAGE = "/admin/gateway/llmevent/usage/"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@example.org", "x"))
    return client


@pytest.fixture
def tenant() -> Tenant:
    return create_tenant(name="Acme", at=now())


def attempt(tenant: Tenant, **changes: Any) -> None:
    row: dict[str, Any] = {
        "provider": "openai",
        "model": "gpt-4o-mini",
        "status": "success",
        "prompt_tokens": 1200,
        "completion_tokens": 34,
        "cost_nanos": 2_500_000_000,
        "created_at": now(),
    }
    LlmEvent.objects.create(tenant=tenant, attempt_id=uuid4(), **row | changes)


def see(staff: Client, of: Tenant | None, **query: Any) -> Any:
    page = staff.get(PAGE, query if of is None else {"tenant": str(of.id), **query})
    assert page.status_code == 200
    return page


def lines(page: Any) -> list[tuple[list[str], list[str]]]:
    return [([text for text, _ in line.keys], line.numbers) for line in page.context["lines"]]


def test_without_a_tenant_it_asks_for_one(staff: Client) -> None:
    page = see(staff, None)
    assert "question" not in page.context
    assert not page.context["form"].errors


def test_the_month_is_summed_up_by_day(staff: Client, tenant: Tenant) -> None:
    attempt(tenant)
    attempt(tenant, cached_tokens=200, cache_write_tokens=300)
    attempt(create_tenant(name="Other", at=now()))
    page = see(staff, tenant)
    numbers = ["2", "2,400", "200", "300", "68", "0", "5.00"]
    assert lines(page) == [([now().date().isoformat()], numbers)]
    assert page.context["total"].numbers == numbers


def test_groups_are_named_and_their_sums_told(staff: Client, tenant: Tenant) -> None:
    user = create_user(tenant_id=tenant.id, email="ann@example.org", at=now())
    attempt(tenant, user_id=user.id)
    attempt(tenant, user_id=user.id, model="gpt-4o", cost_nanos=None, is_confirmed=False)
    attempt(tenant, user_id=uuid4())
    page = see(staff, tenant, group_by=["model", "user_id"], user_id=user.id)
    found = [keys for keys, _ in lines(page)]
    assert found == [["gpt-4o", "ann@example.org"], ["gpt-4o-mini", "ann@example.org"]]
    assert page.context["lines"][0].note == "1 without a price, 1 unconfirmed"


def test_a_run_leads_to_its_calls(staff: Client, tenant: Tenant) -> None:
    run_id = uuid4()
    attempt(tenant, run_id=run_id)
    text = see(staff, tenant, group_by="run_id").content.decode()
    assert f'href="/admin/gateway/llmcall/?q={run_id}"' in text


def test_both_days_are_included(staff: Client, tenant: Tenant) -> None:
    for days in (1, 2, 3):
        attempt(tenant, created_at=now() - timedelta(days=days))
    first, last = ((now() - timedelta(days=days)).date().isoformat() for days in (3, 2))
    page = see(staff, tenant, first=first, last=last)
    assert [keys for keys, _ in lines(page)] == [[first], [last]]


def test_there_is_a_page_after_a_full_one(
    staff: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_form, "PAGE", 2)
    for name in ("a", "b", "c"):
        attempt(tenant, model=name)
    page = see(staff, tenant, group_by="model")
    assert [keys for keys, _ in lines(page)] == [["a"], ["b"]]
    following = staff.get(PAGE + page.context["next"])
    assert [keys for keys, _ in lines(following)] == [["c"]]
    assert not following.context["next"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"first": "2026-11-02", "last": "2026-11-01"}, "last"),
        ({"first": "2024-01-01", "last": "2026-01-01"}, "first"),
        ({"first": "yesterday"}, "first"),
        ({"run_id": "no id"}, "run_id"),
        ({"group_by": "weather"}, "group_by"),
        ({"tenant": "nobody"}, "tenant"),
        ({"tenant": ""}, "tenant"),
    ],
)
def test_what_cannot_be_asked_is_said_at_its_field(
    staff: Client, tenant: Tenant, query: dict[str, str], field: str
) -> None:
    page = see(staff, tenant, **query)
    assert field in page.context["form"].errors
    assert "question" not in page.context


def test_the_tenants_page_leads_there(staff: Client, tenant: Tenant) -> None:
    text = staff.get(f"/admin/tenants/tenant/{tenant.id}/change/").content.decode()
    assert f"/admin/gateway/llmevent/usage/?tenant={tenant.id}" in text


def test_who_is_not_staff_does_not_see_it(client: Client, tenant: Tenant) -> None:
    assert client.get(PAGE, {"tenant": str(tenant.id)}).status_code == 302
