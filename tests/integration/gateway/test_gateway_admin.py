"""Model calls and attempts in the admin: there to look at, whatever is searched for."""

import pytest
from django.test import Client

from agentplatform.core.clock import now
from apps.gateway.models import LlmCall, LlmEvent
from apps.tenants.models import User
from tests.integration.gateway.calls import Work, start_work

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@example.org", "x"))
    return client


@pytest.fixture
def work() -> Work:
    work = start_work()
    LlmEvent.objects.create(
        tenant_id=work.tenant_id,
        call_id=work.plan(),
        attempt_id=work.run_id,
        provider="openai",
        model="gpt-4o-mini",
        status="success",
        created_at=now(),
    )
    return work


@pytest.mark.parametrize("table", ["llmcall", "llmevent"])
@pytest.mark.parametrize("query", ["", "not an id", "01a2069c-11c5-7797-b92b-569ba5bb1560"])
def test_lists_open_whatever_is_searched_for(
    staff: Client, work: Work, table: str, query: str
) -> None:
    answer = staff.get(f"/admin/gateway/{table}/", {"q": query})
    assert answer.status_code == 200


def test_a_call_is_found_by_its_run_and_shown_but_not_changed(staff: Client, work: Work) -> None:
    call = LlmCall.objects.get()
    assert str(call.id) in staff.get(f"/admin/gateway/llmcall/?q={work.run_id}").content.decode()
    page = f"/admin/gateway/llmcall/{call.id}/change/"
    assert staff.get(page).status_code == 200
    assert staff.post(page, {"status": "SUCCESS"}).status_code == 403


def test_an_unknown_cost_is_called_so(staff: Client, work: Work) -> None:
    assert "not known" in staff.get("/admin/gateway/llmevent/").content.decode()
