"""A tenant with everything that an address can name, and clients of whoever asks."""

import uuid
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any

from rest_framework.test import APIClient

from agentplatform.core.clock import now
from apps.gateway.models import ProviderKey
from apps.gateway.services.set_model_route import set_model_route
from apps.gateway.services.set_provider_key import set_provider_key
from apps.runs.facade import cancel_run, create_run, create_task
from apps.runs.models import Ask, Step, TaskDefinition
from apps.runs.selectors import newest_version
from apps.runs.services.advance_run import advance_run
from apps.tenants.contracts import EACH_RUN, EACH_USER, BudgetOwner, Rate, RateOwner, Role
from apps.tenants.models import Tenant, User
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_user
from apps.tenants.services.member_budget import set_member_budget
from apps.tenants.services.rate_limit import set_rate_limit
from apps.tenants.services.set_secret import set_secret
from apps.tenants.states import RIGHTS_OF_TENANTS
from apps.tools.facade import store_artifact
from apps.tools.models import Artifact, EgressRule, McpServer, ToolCall
from apps.tools.services.set_tool_secret import set_tool_secret
from apps.tools.services.thumbnails import keep_thumbnail

ADDRESS = "203.0.113.9"
STEP = "a"
SPEC = {
    "steps": [{"name": STEP, "kind": "tool", "tool": "code", "arguments": {"program": "print(1)"}}]
}
ASKING = {"steps": [{"name": STEP, "kind": "approval", "question": "Go on?"}]}
AGENT = {"steps": [{"name": STEP, "kind": "agent", "instructions": "Ask.", "prompt": "Go."}]}
RATE: dict[str, Any] = {"requests_per_minute": 5, "tokens_per_minute": None}
TOOL_SECRET: dict[str, Any] = {"value": "hush-hush", "hosts": ["api.example.org"]}
LIMITS = {"token_limit": 5, "usd_limit": None}
WAITING = {"steps": [{"name": STEP, "kind": "wait", "signal": True}]}


@dataclass(frozen=True)
class House:
    """`client_of` and `client_with` make clients; the rest makes a new row and gives its id."""

    tenant: Tenant

    @classmethod
    def build(cls) -> "House":
        return cls(create_tenant(name=f"t-{uuid.uuid4().hex[:8]}", at=now()))

    def client_of(self, role: Role) -> APIClient:
        """Someone of this role, by a key that limits nothing."""
        return self.client_with(RIGHTS_OF_TENANTS, user_id=self.user(role))

    def client_with(self, scopes: Any, **fields: Any) -> APIClient:
        """Whoever holds a key of these scopes; `client.key` is the key."""
        key = create_api_key(
            tenant_id=self.tenant.id, name=new_name(), scopes=scopes, at=now(), **fields
        )
        client = APIClient(raise_request_exception=False, REMOTE_ADDR=ADDRESS)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {key.secret}")
        client.key = key  # type: ignore[attr-defined]
        return client

    @cached_property
    def admin(self) -> APIClient:
        return self.client_of("admin")

    def user(self, role: Role = "viewer", **fields: Any) -> uuid.UUID:
        email = f"{new_name()}@example.org"
        made = create_user(tenant_id=self.tenant.id, email=email, role=role, at=now(), **fields)
        return made.id

    def api_key(self) -> uuid.UUID:
        made = create_api_key(tenant_id=self.tenant.id, name=new_name(), at=now())
        return made.api_key_id

    def limited_user(self) -> uuid.UUID:
        user_id = self.user()
        self._limit(BudgetOwner(user_id=user_id))
        return user_id

    def limited_api_key(self) -> uuid.UUID:
        api_key_id = self.api_key()
        self._limit(BudgetOwner(api_key_id=api_key_id))
        return api_key_id

    def limit_each_run(self) -> dict[str, Any]:
        """The body of a request about the limits of each run."""
        self._limit(EACH_RUN)
        return {}

    def other_limits(self) -> dict[str, Any]:
        """Limits of each run that are not those of now."""
        self._limit(EACH_RUN)
        return LIMITS

    def _limit(self, owner: BudgetOwner) -> None:
        limits = {"token_limit": 7, "usd_limit_nanos": 7}
        set_member_budget(tenant_id=self.tenant.id, owner=owner, at=now(), **limits)

    def rated_user(self) -> uuid.UUID:
        user_id = self.user()
        self._limit_rate(RateOwner(user_id=user_id))
        return user_id

    def rated_api_key(self) -> uuid.UUID:
        api_key_id = self.api_key()
        self._limit_rate(RateOwner(api_key_id=api_key_id))
        return api_key_id

    def rate_of_each_user(self) -> dict[str, Any]:
        """The body of a request about the rate of each user."""
        self._limit_rate(EACH_USER)
        return {}

    def other_rate_of_each_user(self) -> dict[str, Any]:
        """A rate of each user that is not that of now."""
        self._limit_rate(EACH_USER)
        return RATE

    def _limit_rate(self, owner: RateOwner) -> None:
        rate = Rate(requests_per_minute=7, tokens_per_minute=7)
        set_rate_limit(tenant_id=self.tenant.id, owner=owner, rate=rate, at=now())

    def secret(self) -> str:
        name = new_name()
        set_secret(tenant_id=self.tenant.id, name=name, value="hush", at=now())
        return name

    def route(self) -> str:
        name = new_name()
        set_model_route(tenant_id=self.tenant.id, alias=name, targets=["openai:x"], at=now())
        return name

    def provider_without_key(self) -> str:
        ProviderKey.objects.filter(tenant=self.tenant).delete()
        return "openai"

    def provider_key(self) -> str:
        set_provider_key(tenant_id=self.tenant.id, provider="openai", api_key="hush", at=now())
        return "openai"

    def tool_secret(self) -> str:
        name = f"n{uuid.uuid4().hex}"
        set_tool_secret(tenant_id=self.tenant.id, name=name, at=now(), **TOOL_SECRET)
        return name

    def egress_rule(self) -> uuid.UUID:
        row = EgressRule.objects.create(
            tenant=self.tenant, host=f"{new_name()}.example.org", created_at=now()
        )
        return row.id

    def task(self) -> uuid.UUID:
        return self._task().id

    def _task(self, spec: dict[str, Any] = SPEC) -> TaskDefinition:
        return create_task(
            tenant_id=self.tenant.id,
            name=new_name(),
            description="",
            spec=spec,
            created_by=None,
            at=now(),
        )

    def run(self, spec: dict[str, Any] = SPEC) -> uuid.UUID:
        run, _ = create_run(
            version=newest_version(self._task(spec)), given={}, created_by=None, at=now()
        )
        return run.id

    def failed_run(self) -> uuid.UUID:
        run_id = self.run()
        cancel_run(run_id=run_id, at=now())
        return run_id

    def asking_run(self) -> uuid.UUID:
        return self._advanced(ASKING)

    def question(self) -> uuid.UUID:
        """What an agent, the step of a new run, asks."""
        run_id = self._advanced(AGENT)
        steps = Step.objects.filter(run_id=run_id)
        steps.update(status="WAITING", waits_for=Step.WaitsFor.ASKS, has_asked=True)
        ask = Ask.objects.create(
            tenant=self.tenant, run_id=run_id, step=steps[0], turn=0, index=0, created_at=now(),
            kind="approval", wish={"question": "Go on?", "options": [], "details": {}},
        )  # fmt: skip
        return ask.id

    def waiting_run(self) -> uuid.UUID:
        return self._advanced(WAITING)

    def _advanced(self, spec: dict[str, Any]) -> uuid.UUID:
        run_id = self.run(spec)
        advance_run(run_id=run_id, at=now())
        return run_id

    def tool_call(self) -> uuid.UUID:
        call = ToolCall.objects.create(
            tenant=self.tenant, run_id=self.run(), step_id=uuid.uuid4(), attempt=1, turn=0,
            index=0, idempotency_key=new_name(), tool="code", arguments={}, timeout_seconds=1,
            created_at=now(),
        )  # fmt: skip
        return call.id

    def picture(self) -> uuid.UUID:
        """An artifact with a thumbnail."""
        image = file(b"\x89PNG\r\n\x1a\n")
        ref = store_artifact(tenant_id=self.tenant.id, name="a.png", content=image, at=now())
        keep_thumbnail(Artifact.objects.get(id=ref.artifact_id), file(b"small"))
        return ref.artifact_id

    def new_mcp_server(self) -> dict[str, Any]:
        """The body of a request that registers one."""
        from tests.mcp_server import shared_mcp_server  # a second of imports

        return {"name": new_name()[:20], "url": shared_mcp_server().url}

    def mcp_server(self) -> uuid.UUID:
        at = now()
        server = McpServer.objects.create(
            tenant=self.tenant, **self.new_mcp_server(), created_at=at, refreshed_at=at
        )
        return server.id

    def artifact(self) -> uuid.UUID:
        ref = store_artifact(tenant_id=self.tenant.id, name="a.txt", content=file(), at=now())
        return ref.artifact_id


def new_name() -> str:
    return f"n{uuid.uuid4().hex}"


def file(content: bytes = b"text", name: str = "a.txt") -> Any:
    made = BytesIO(content)
    made.name = name
    return made


def staff() -> APIClient:
    """A member of the platform's staff who is signed in to the admin site."""
    client = APIClient(raise_request_exception=False, REMOTE_ADDR=ADDRESS)
    user = User.objects.create(email=f"{new_name()}@example.org", is_staff=True, is_superuser=True)
    client.force_login(user)
    return client


def stranger() -> APIClient:
    return APIClient(raise_request_exception=False, REMOTE_ADDR=ADDRESS)
