"""Model calls and attempts in the admin: there to look at, whatever is searched for."""

import pytest
from django.test import Client

from agentplatform.core.clock import now
from apps.gateway.models import LlmCall, LlmEvent, ModelPolicy, ModelRoute, ProviderKey
from apps.tenants.facade import reveal_secret
from apps.tenants.models import AuditEntry, User
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


def test_staff_sets_a_route_and_is_told_what_is_wrong_with_one(staff: Client, work: Work) -> None:
    add = "/admin/gateway/modelroute/add/"
    form = {"tenant": str(work.tenant_id), "alias": "smart", "targets": "gpt-4o"}
    assert "is no model; write" in staff.post(add, form).content.decode()
    form |= {"targets": "openai:gpt-4o,anthropic:claude-haiku-4-5"}
    assert staff.post(add, form).status_code == 302
    row = ModelRoute.objects.get()
    assert row.targets == ["openai:gpt-4o", "anthropic:claude-haiku-4-5"]
    page = f"/admin/gateway/modelroute/{row.pk}/change/"
    assert staff.post(page, {"targets": "openai:gpt-5"}).status_code == 302
    assert ModelRoute.objects.get().targets == ["openai:gpt-5"]
    assert staff.post(f"/admin/gateway/modelroute/{row.pk}/delete/", {"post": "yes"})
    assert not ModelRoute.objects.exists()
    audit = AuditEntry.objects.filter(target_kind="model_route").values_list("action", flat=True)
    assert sorted(audit) == ["model_route.added", "model_route.changed", "model_route.deleted"]


def test_staff_sets_the_policy_of_a_tenant(staff: Client, work: Work) -> None:
    form = {"tenant": str(work.tenant_id), "allowed_models": "routed", "allows_local": "on"}
    assert staff.post("/admin/gateway/modelpolicy/add/", form).status_code == 302
    row = ModelPolicy.objects.get()
    assert (row.allowed_models, row.allows_local) == ("routed", True)
    page = f"/admin/gateway/modelpolicy/{row.pk}/change/"
    assert staff.post(page, {"allowed_models": "any"}).status_code == 302
    assert ModelPolicy.objects.get().allowed_models == "any"
    assert staff.get("/admin/gateway/modelpolicy/").status_code == 200


def test_staff_sets_an_own_key_that_no_page_shows(staff: Client, work: Work) -> None:
    add = "/admin/gateway/providerkey/add/"
    form = {"tenant": str(work.tenant_id), "provider": "openai", "api_key": "hidden-own-key"}
    refused = staff.post(add, form | {"base_url": "http://x.example.com"})
    assert "Use https." in refused.content.decode()
    assert "hidden-own-key" not in refused.content.decode()
    assert staff.post(add, form).status_code == 302
    row = ProviderKey.objects.get()
    page = f"/admin/gateway/providerkey/{row.pk}/change/"
    for address in (page, "/admin/gateway/providerkey/"):
        assert "hidden-own-key" not in staff.get(address).content.decode()
    assert staff.post(page, {"default_model": "gpt-5"}).status_code == 302
    assert reveal_secret(tenant_id=work.tenant_id, name="provider-openai") == "hidden-own-key"
    assert staff.post(f"/admin/gateway/providerkey/{row.pk}/delete/", {"post": "yes"})
    assert not ProviderKey.objects.exists()
