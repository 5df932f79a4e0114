"""A tenant with a row in every table, as real work leaves them."""

import uuid
from datetime import datetime
from io import BytesIO
from typing import Any

from django.apps import apps
from django.db.models import Model

from agentplatform.core.clock import now
from agentplatform.core.transactions import scope_connection, transaction
from agentplatform.dead_letters.bury_work import bury_work
from agentplatform.dead_letters.reasons import Reason
from apps.gateway.models import KeyedCall, LlmCall, LlmEvent, ModelPrice
from apps.gateway.services.set_model_policy import set_model_policy
from apps.gateway.services.set_model_route import set_model_route
from apps.gateway.services.set_provider_key import set_provider_key
from apps.runs.models import Ask, Checkpoint, Run, Served, Step
from apps.runs.selectors import newest_version
from apps.runs.services.create_run import create_run
from apps.runs.services.save_task import create_task
from apps.tenants.contracts import Admission, BudgetOwner, Rate, RateOwner, Settlement
from apps.tenants.models import Account, Secret, Tenant
from apps.tenants.services.book import BOOK, book_arguments, settle
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_user
from apps.tenants.services.member_budget import set_member_budget
from apps.tenants.services.open_account import open_month_accounts
from apps.tenants.services.rate_limit import set_rate_limit
from apps.tenants.services.set_budget import set_budget
from apps.tenants.services.watch_budgets import watch_budgets
from apps.tools.facade import store_artifact
from apps.tools.models import (
    EgressRequest,
    EgressRule,
    McpServer,
    McpTool,
    ToolCall,
    ToolDefault,
)
from apps.tools.services.set_tool_limits import set_tool_limits
from apps.tools.services.set_tool_secret import set_tool_secret

OURS = ("tenants", "gateway", "tools", "runs", "dead_letters")
PLATFORMS = (ModelPrice, ToolDefault)
MODELS: list[type[Model]] = [
    m for m in apps.get_models() if m._meta.app_label in OURS and m not in PLATFORMS
]
SPEC = {"steps": [{"name": "a", "kind": "tool", "tool": "code", "arguments": {"program": "1"}}]}


def rows(model: type[Model], tenant: Tenant) -> int:
    """How many rows of the tenant the table holds."""
    column = "id" if model is Tenant else "tenant_id"
    return model._default_manager.filter(**{column: tenant.id}).count()


def whole_tenant(at: datetime | None = None) -> Tenant:
    """A tenant with one or more rows of every model, which test_whole_tenant checks; one run is
    unfinished and one over at `at`."""
    at = at or now()
    tenant = create_tenant(name="Acme", slug=f"acme-{uuid.uuid4().hex[:8]}", at=at)
    user = create_user(tenant_id=tenant.id, email="ann@example.org", role="admin", at=at)
    key = create_api_key(tenant_id=tenant.id, name="key", user_id=user.id, at=at)
    set_member_budget(
        tenant_id=tenant.id,
        owner=BudgetOwner(user_id=user.id),
        token_limit=5,
        usd_limit_nanos=None,
        at=at,
    )
    set_rate_limit(
        tenant_id=tenant.id,
        owner=RateOwner(user_id=user.id),
        rate=Rate(requests_per_minute=5, tokens_per_minute=None),
        at=at,
    )
    Secret.objects.create(
        tenant=tenant, name="hook", ciphertext="kept-secret", created_at=at, updated_at=at
    )
    KeyedCall.objects.create(
        tenant=tenant, caller_id=user.id, key="k", fingerprint="f", call_id=uuid.uuid4(),
        is_asked=True, status=200, headers=[], body="answer", created_at=at,
    )  # fmt: skip
    EgressRule.objects.create(tenant=tenant, host="api.example.org", created_at=at)
    _models(tenant, at)
    set_tool_secret(
        tenant_id=tenant.id, name="api", value="kept-secret", hosts=["api.example.org"], at=at
    )
    set_tool_limits(tenant_id=tenant.id, tool="code", limits={"cpus": 0.5}, at=at)
    server = McpServer.objects.create(
        tenant=tenant, name="crm", url="https://mcp.example.org", created_at=at, refreshed_at=at
    )
    McpTool.objects.create(
        tenant=tenant, server=server, name="find", called="crm__find", parameters={}
    )
    task = create_task(
        tenant_id=tenant.id, name="t", description="", spec=SPEC, created_by=user.id, at=at
    )
    for _ in range(2):
        run, _ = create_run(
            version=newest_version(task),
            given={},
            created_by=user.id,
            api_key_id=key.api_key_id,
            at=at,
        )
        work_of(run, at=at)
    Run.objects.filter(id=run.id).update(status="COMPLETED", completed_at=at, finalized_at=at)
    Served.objects.create(tenant=tenant)
    store(tenant, b"uploaded", at=at)
    _money(tenant, at)
    return tenant


def work_of(run: Run, *, at: datetime) -> None:
    """A checkpoint, an ask, calls, an attempt, an artifact and a dead letter of the run's step."""
    step = Step.objects.get(run=run)
    Checkpoint.objects.create(
        step=step, tenant_id=run.tenant_id, graph="g", turn=0, interrupts={}, wishes={}, state=b"s"
    )
    Ask.objects.create(
        tenant_id=run.tenant_id, run=run, step=step, turn=0, index=2, kind="approval", wish={},
        created_at=at,
    )  # fmt: skip
    call: dict[str, Any] = {
        "tenant_id": run.tenant_id,
        "run_id": run.id,
        "step_id": step.id,
        "attempt": 1,
        "turn": 0,
        "created_at": at,
    }
    tool_call = ToolCall.objects.create(
        **call, index=0, idempotency_key=f"{step.id}:0", tool="code", arguments={},
        timeout_seconds=1,
    )  # fmt: skip
    EgressRequest.objects.create(
        tenant_id=run.tenant_id, run_id=run.id, step_id=step.id, call_id=tool_call.id, via="http",
        method="GET", host="api.example.org", port=443, at=at,
    )  # fmt: skip
    model_call = LlmCall.objects.create(
        **call, index=1, idempotency_key=f"{step.id}:1", request={"messages": []}
    )
    LlmEvent.objects.create(
        tenant_id=run.tenant_id,
        run_id=run.id,
        step_id=step.id,
        call_id=model_call.id,
        attempt_id=uuid.uuid4(),
        provider="openai",
        model="m",
        status="success",
        created_at=at,
    )
    with transaction():
        bury_work(
            tenant_id=run.tenant_id, task="runs.execute_step", reason=Reason.WORKER_LOST,
            detail="lost", run_id=run.id, step_id=step.id, at=at,
        )  # fmt: skip
    store_artifact(
        tenant_id=run.tenant_id, name="out/a.csv", content=BytesIO(b"left by a run"), at=at,
        run_id=run.id, step_id=step.id,
    )  # fmt: skip


def store(tenant: Tenant, content: bytes, *, at: datetime | None = None) -> uuid.UUID:
    """The id of an uploaded artifact."""
    ref = store_artifact(
        tenant_id=tenant.id, name="in.csv", content=BytesIO(content), at=at or now()
    )
    return ref.artifact_id


def hold(tenant: Tenant, *, at: datetime) -> uuid.UUID:
    """The attempt for which ten tokens of the tenant are held now."""
    open_month_accounts(tenant_id=tenant.id, at=at)
    account = Account.objects.get(tenant=tenant, kind="tenant", unit="tokens")
    admission = Admission(
        attempt_id=uuid.uuid4(),
        tenant_id=tenant.id,
        call_id=None,
        run_id=None,
        lines=((account.id, 10),),
        tokens=10,
        cost_nanos=None,
        deadline=at,
    )
    with scope_connection().cursor() as cursor:
        cursor.execute(BOOK, book_arguments(settlements=(), admissions=(admission,), at=at))
    return admission.attempt_id


def release(attempt_id: uuid.UUID, *, at: datetime) -> None:
    """The attempt used all that was held for it."""
    with transaction():
        settle(settlements=[Settlement(attempt_id=attempt_id, tokens=10, cost_nanos=1)], at=at)


def _models(tenant: Tenant, at: datetime) -> None:
    set_model_route(tenant_id=tenant.id, alias="smart", targets=["openai:gpt-4o"], at=at)
    set_model_policy(tenant_id=tenant.id, allowed_models="any", allows_local=True, at=at)
    set_provider_key(tenant_id=tenant.id, provider="openai", api_key="kept-secret", at=at)


def _money(tenant: Tenant, at: datetime) -> None:
    set_budget(tenant_id=tenant.id, token_limit=12, usd_limit_nanos=None, at=at)
    release(hold(tenant, at=at), at=at)
    watch_budgets(at=at)
    set_budget(tenant_id=tenant.id, token_limit=None, usd_limit_nanos=None, at=at)
    hold(tenant, at=at)
