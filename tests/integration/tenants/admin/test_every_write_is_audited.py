"""Whatever the admin site lets staff write leaves its entries. Asked of the registered admins: a
way to write that WRITES does not hold fails here."""

from datetime import date

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.test import RequestFactory
from django.urls import reverse

from agentplatform.core.clock import now
from agentplatform.dead_letters.models import DeadLetter
from apps.gateway.models import ModelPolicy, ModelPrice, ModelRoute, ProviderKey
from apps.gateway.services.set_model_policy import set_model_policy
from apps.gateway.services.set_model_route import set_model_route
from apps.gateway.services.set_provider_key import set_provider_key
from apps.tenants.contracts import BudgetOwner, Rate, RateOwner
from apps.tenants.models import ApiKey, AuditEntry, Budget, RateLimit, Tenant, User
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_user import create_user
from apps.tenants.services.member_budget import set_member_budget
from apps.tenants.services.rate_limit import set_rate_limit
from apps.tools.models import EgressRule, McpServer, ToolDefault, ToolLimit, ToolSecret
from apps.tools.services.set_tool_limits import set_tool_limits
from apps.tools.services.set_tool_secret import set_tool_secret
from tests.integration.tenants.admin.writes import RATES, READS, SENT, WRITES

pytestmark = pytest.mark.django_db
ADDRESS = "203.0.113.7"


@pytest.fixture(autouse=True)
def _no_prices_left():
    """Prices are no row that a test's end deletes."""
    yield
    ModelPrice.objects.filter(model__startswith="new").delete()


@pytest.fixture
def ids(tenant, operator):
    create_user(tenant_id=tenant.id, email="boss@acme.org", role="admin", at=now())
    user = create_user(tenant_id=tenant.id, email="a@acme.org", at=now())
    key = create_api_key(tenant_id=tenant.id, name="ci", at=now())
    return {
        "tenant": tenant.id,
        "user": user.id,
        "apikey": key.api_key_id,
        "deadletter": _bury().id,
        "modelprice": _price().id,
        "budget": set_member_budget(
            tenant_id=tenant.id,
            owner=BudgetOwner(user_id=user.id),
            token_limit=5,
            usd_limit_nanos=None,
            at=now(),
        )[0].id,
        "ratelimit": set_rate_limit(
            tenant_id=tenant.id,
            owner=RateOwner(user_id=user.id),
            rate=Rate(requests_per_minute=5, tokens_per_minute=None),
            at=now(),
        )[0].id,
        "egressrule": EgressRule.objects.create(
            tenant=tenant, host="api.example.org", created_at=now()
        ).id,
        "other": Tenant.objects.create(name="Other", slug="other").id,
        **_models_of(tenant),
        "user_reset_password": operator.id,
    }


@pytest.fixture
def send(staff, ids):
    """Posts a form of WRITES; returns the actions that the audit got of it."""

    def post(name, form):
        model, _, view = name.partition("_")
        of = () if view in ("add", "revoke_selected") else (ids.get(name, ids[model]),)
        page = "changelist" if view == "revoke_selected" else view
        before = set(AuditEntry.objects.values_list("id", flat=True))
        data = {field: value.format(**ids) for field, value in form.items()}
        label = next(one.opts.app_label for one in _admins() if one.opts.model_name == model)
        answer = staff.post(
            reverse(f"admin:{label}_{model}_{page}", args=of), data, REMOTE_ADDR=ADDRESS
        )
        assert answer.status_code in (200, 302)
        return list(AuditEntry.objects.exclude(id__in=before).order_by("action"))

    return post


def test_every_way_to_write_is_known_here(operator):
    request = RequestFactory().get("/admin/")
    request.user = operator
    ways = {way for one in _admins() for way in _ways(one, request)}
    assert sorted(WRITES) == sorted(ways - READS)


def _bury():
    return DeadLetter.objects.create(
        kind="message",
        task="runs.advance_run",
        payload={"kwargs": {"run_id": "x"}},
        reason="unfit_arguments",
        created_at=now(),
    )


def _models_of(tenant):
    of = {"tenant_id": tenant.id, "at": now()}
    set_model_route(**of, alias="fast", targets=["openai:gpt-4o-mini"])
    set_model_policy(**of, allowed_models="routed", allows_local=False)
    set_provider_key(**of, provider="openai", api_key="own")
    set_tool_secret(**of, name="api", value="hush-hush", hosts=[SENT["hosts"]])
    McpServer.objects.create(
        tenant=tenant, name="crm", url="https://api.example.org", created_at=of["at"],
        refreshed_at=of["at"],
    )  # fmt: skip
    for tenant_id in (tenant.id, None):
        set_tool_limits(tenant_id=tenant_id, tool="code", limits={"cpus": 1}, at=of["at"])
    own = {
        model._meta.model_name: model.objects.get(tenant=tenant).pk
        for model in (ModelRoute, ModelPolicy, ProviderKey, ToolSecret, ToolLimit, McpServer)
    }
    return {**own, "tooldefault": ToolDefault.objects.get().pk}


def _price():
    return ModelPrice.objects.create(
        provider="openai", model="new", since=date(2026, 11, 1), input_rate=1, output_rate=2
    )


def _admins():
    admin.autodiscover()
    return admin.site._registry.values()


def _ways(model_admin, request):
    name = model_admin.opts.model_name
    if model_admin.has_add_permission(request):
        yield f"{name}_add"
    forms = model_admin.get_form(request, model_admin.model(), change=True)
    if model_admin.has_change_permission(request, model_admin.model()) and forms.base_fields:
        yield f"{name}_change"
    if model_admin.has_delete_permission(request):
        yield f"{name}_delete"
    lists = ("actions_list", "actions_row", "actions_detail", "actions_submit_line")
    for actions in (tuple(model_admin.get_actions(request)), *(
        getattr(model_admin, one, ()) for one in lists
    )):  # fmt: skip
        yield from (f"{name}_{action}" for action in actions)
    assert not model_admin.get_inline_instances(request) or not _writes_inline(model_admin, request)


def _writes_inline(model_admin, request):
    return any(
        inline.has_add_permission(request) or inline.has_change_permission(request)
        for inline in model_admin.get_inline_instances(request)
    )


@pytest.mark.parametrize("name", WRITES)
def test_a_write_leaves_its_entries(send, operator, name):
    _prepare(name)
    entries = send(name, WRITES[name].form)
    assert tuple(entry.action for entry in entries) == WRITES[name].entries
    for entry in entries:
        assert (entry.actor_kind, entry.actor_id) == ("staff", str(operator.id))
        assert (entry.actor_name, entry.address) == ("op@example.org", ADDRESS)
        assert entry.target_id
        assert entry.after or entry.before
    assert LogEntry.objects.filter(user=operator).exists()


@pytest.mark.parametrize("name", WRITES)
def test_a_refused_write_leaves_none_and_changes_nothing(send, name):
    _prepare(name)
    before = _rows()
    assert send(name, WRITES[name].wrong) == []
    assert _rows() == before
    assert not LogEntry.objects.exists()


def _prepare(name):
    if name == "tenant_resume":
        Tenant.objects.update(status="suspended")


def _rows():
    models = (
        Tenant, User, ApiKey, Budget, RateLimit, DeadLetter, ModelPrice, ModelRoute, ModelPolicy,
        ProviderKey, ToolSecret, ToolLimit, ToolDefault, McpServer,
    )  # fmt: skip
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_entries_name_what_was_before_and_after(send, tenant):
    changes = {"name": "Acme Ltd", "slug": "acme", "token_budget_monthly": "5", **RATES}
    budget, settings = send("tenant_change", changes)
    assert (budget.before, budget.after) == (
        {"token_budget_monthly": 1000}, {"token_budget_monthly": 5}
    )  # fmt: skip
    assert settings.before == {"name": "Acme", "soft_limit_ratio": 0.8, "budget_thresholds": []}
    assert settings.after == {
        "name": "Acme Ltd", "soft_limit_ratio": 0.5, "budget_thresholds": [0.9]
    }  # fmt: skip
    assert {budget.tenant_id, settings.tenant_id} == {tenant.id}
