"""Every address of the API with its methods: what each needs, and what it writes to the audit.

The tests compare this table with the URL table, so that a new address is decided about here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.api.tenants.house import LIMITS, RATE, SPEC, STEP, TOOL_SECRET, House, file, new_name

PREFIX = "api/v1/"
METHODS = ("get", "post", "put", "patch", "delete")


def nothing(_house: House) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Endpoint:
    """`needs` is the right ("any" of them is enough); `names` makes the row that the address
    names; `body` makes what is sent. `writes` is the action of the one entry that a success leaves.
    """

    method: str
    route: str
    needs: str
    status: int = 200
    names: Callable[[House], Any] | None = None
    body: Callable[[House], dict[str, Any]] = nothing
    writes: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.route}"

    def address(self, name: Any = None) -> str:
        head, _, rest = self.route.partition("<")
        tail = rest.partition(">")[2].replace("<str:name>", STEP)
        return f"/{PREFIX}{head}{'' if name is None else name}{tail}"

    def ask(self, client: Any, house: House) -> tuple[Any, Any]:
        """The answer to a request that is right, and what its address names."""
        name = self.names(house) if self.names else None
        return self.send(client, name, self.body(house)), name

    def send(self, client: Any, name: Any, body: dict[str, Any]) -> Any:
        answer = getattr(client, self.method)(self.address(name), body, **self.options)
        answer.close()
        return answer


UPLOAD = {"format": "multipart"}
ENDPOINTS = [
    Endpoint("get", "me", "any"),
    Endpoint("get", "tenant", "read"),
    Endpoint(
        "patch", "tenant", "admin", body=lambda _: {"name": new_name()}, writes="tenant.changed"
    ),
    Endpoint("get", "users", "admin"),
    Endpoint(
        "post",
        "users",
        "admin",
        201,
        body=lambda _: {"email": f"{new_name()}@example.org"},
        writes="user.created",
    ),
    Endpoint("get", "users/<uuid:user_id>", "admin", names=House.user),
    Endpoint(
        "patch",
        "users/<uuid:user_id>",
        "admin",
        names=House.user,
        body=lambda _: {"role": "member"},
        writes="user.changed",
    ),
    Endpoint("get", "api-keys", "admin"),
    Endpoint(
        "post",
        "api-keys",
        "admin",
        201,
        body=lambda _: {"name": new_name(), "scopes": ["admin"]},
        writes="api_key.created",
    ),
    Endpoint("get", "api-keys/<uuid:api_key_id>", "admin", names=House.api_key),
    Endpoint(
        "delete",
        "api-keys/<uuid:api_key_id>",
        "admin",
        204,
        names=House.api_key,
        writes="api_key.revoked",
    ),
    Endpoint(
        "post",
        "api-keys/<uuid:api_key_id>/rotate",
        "admin",
        201,
        names=lambda house: house.client_with(["admin"]).key.api_key_id,
        writes="api_key.rotated",
    ),
    Endpoint("get", "model-routes", "read"),
    Endpoint(
        "put",
        "model-routes/<str:alias>",
        "admin",
        names=lambda _: new_name(),
        body=lambda _: {"targets": ["openai:gpt-4o"]},
        writes="model_route.added",
    ),
    Endpoint(
        "delete",
        "model-routes/<str:alias>",
        "admin",
        204,
        names=House.route,
        writes="model_route.deleted",
    ),
    Endpoint("get", "provider-keys", "admin"),
    Endpoint(
        "put",
        "provider-keys/<str:provider>",
        "admin",
        201,
        names=House.provider_without_key,
        body=lambda _: {"api_key": "hush"},
        writes="provider_key.added",
    ),
    Endpoint(
        "delete",
        "provider-keys/<str:provider>",
        "admin",
        204,
        names=House.provider_key,
        writes="provider_key.deleted",
    ),
    Endpoint("get", "secrets", "admin"),
    Endpoint(
        "put",
        "secrets/<str:name>",
        "admin",
        201,
        names=lambda _: new_name(),
        body=lambda _: {"value": "hush"},
        writes="secret.created",
    ),
    Endpoint(
        "delete", "secrets/<str:name>", "admin", 204, names=House.secret, writes="secret.deleted"
    ),
    Endpoint("get", "tool-secrets", "admin"),
    Endpoint(
        "put",
        "tool-secrets/<str:name>",
        "admin",
        201,
        names=lambda _: new_name(),
        body=lambda _: TOOL_SECRET,
        writes="tool_secret.added",
    ),
    Endpoint(
        "delete",
        "tool-secrets/<str:name>",
        "admin",
        204,
        names=House.tool_secret,
        writes="tool_secret.deleted",
    ),
    Endpoint("get", "alerts", "admin"),
    Endpoint("get", "budgets", "admin"),
    Endpoint("get", "budgets/each-run", "admin", body=House.limit_each_run),
    Endpoint("put", "budgets/each-run", "admin", body=House.other_limits, writes="budget.changed"),
    Endpoint(
        "delete",
        "budgets/each-run",
        "admin",
        204,
        body=House.limit_each_run,
        writes="budget.removed",
    ),
    Endpoint("get", "budgets/users/<uuid:user_id>", "admin", names=House.limited_user),
    Endpoint(
        "put",
        "budgets/users/<uuid:user_id>",
        "admin",
        201,
        names=House.user,
        body=lambda _: LIMITS,
        writes="budget.changed",
    ),
    Endpoint(
        "delete",
        "budgets/users/<uuid:user_id>",
        "admin",
        204,
        names=House.limited_user,
        writes="budget.removed",
    ),
    Endpoint("get", "budgets/api-keys/<uuid:api_key_id>", "admin", names=House.limited_api_key),
    Endpoint(
        "put",
        "budgets/api-keys/<uuid:api_key_id>",
        "admin",
        201,
        names=House.api_key,
        body=lambda _: LIMITS,
        writes="budget.changed",
    ),
    Endpoint(
        "delete",
        "budgets/api-keys/<uuid:api_key_id>",
        "admin",
        204,
        names=House.limited_api_key,
        writes="budget.removed",
    ),
    Endpoint("get", "rate-limits", "admin"),
    Endpoint("get", "rate-limits/each-user", "admin", body=House.rate_of_each_user),
    Endpoint(
        "put",
        "rate-limits/each-user",
        "admin",
        body=House.other_rate_of_each_user,
        writes="rate_limit.changed",
    ),
    Endpoint(
        "delete",
        "rate-limits/each-user",
        "admin",
        204,
        body=House.rate_of_each_user,
        writes="rate_limit.removed",
    ),
    Endpoint("get", "rate-limits/users/<uuid:user_id>", "admin", names=House.rated_user),
    Endpoint(
        "put",
        "rate-limits/users/<uuid:user_id>",
        "admin",
        201,
        names=House.user,
        body=lambda _: RATE,
        writes="rate_limit.changed",
    ),
    Endpoint(
        "delete",
        "rate-limits/users/<uuid:user_id>",
        "admin",
        204,
        names=House.rated_user,
        writes="rate_limit.removed",
    ),
    Endpoint("get", "rate-limits/api-keys/<uuid:api_key_id>", "admin", names=House.rated_api_key),
    Endpoint(
        "put",
        "rate-limits/api-keys/<uuid:api_key_id>",
        "admin",
        201,
        names=House.api_key,
        body=lambda _: RATE,
        writes="rate_limit.changed",
    ),
    Endpoint(
        "delete",
        "rate-limits/api-keys/<uuid:api_key_id>",
        "admin",
        204,
        names=House.rated_api_key,
        writes="rate_limit.removed",
    ),
    Endpoint("get", "usage", "admin"),
    Endpoint("get", "audit", "admin"),
    Endpoint("get", "audit/export", "admin"),
    Endpoint(
        "post",
        "artifacts",
        "run",
        201,
        body=lambda _: {"file": file()},
        writes="artifact.uploaded",
        options=UPLOAD,
    ),
    Endpoint("get", "tools", "read"),
    Endpoint("get", "tool-limits", "read"),
    Endpoint("get", "tool-calls/<uuid:call_id>", "read", names=House.tool_call),
    Endpoint("get", "mcp-servers", "admin"),
    Endpoint(
        "post",
        "mcp-servers",
        "admin",
        201,
        body=House.new_mcp_server,
        writes="mcp_server.registered",
    ),
    Endpoint("get", "mcp-servers/<uuid:server_id>", "admin", names=House.mcp_server),
    Endpoint(
        "patch",
        "mcp-servers/<uuid:server_id>",
        "admin",
        names=House.mcp_server,
        body=lambda _: {"is_enabled": False},
        writes="mcp_server.changed",
    ),
    Endpoint(
        "delete",
        "mcp-servers/<uuid:server_id>",
        "admin",
        204,
        names=House.mcp_server,
        writes="mcp_server.deleted",
    ),
    Endpoint(
        "post",
        "mcp-servers/<uuid:server_id>/refresh",
        "admin",
        names=House.mcp_server,
        writes="mcp_server.refreshed",
    ),
    Endpoint("get", "artifacts/<uuid:artifact_id>", "read", names=House.artifact),
    Endpoint("get", "artifacts/<uuid:artifact_id>/content", "read", names=House.artifact),
    Endpoint("get", "artifacts/<uuid:artifact_id>/thumbnail", "read", names=House.picture),
    Endpoint(
        "post",
        "artifacts/<uuid:artifact_id>/link",
        "run",
        201,
        names=House.artifact,
        writes="artifact.linked",
    ),
    Endpoint("get", "egress-rules", "admin"),
    Endpoint(
        "post",
        "egress-rules",
        "admin",
        201,
        body=lambda _: {"host": f"{new_name()}.example.org"},
        writes="egress_rule.added",
    ),
    Endpoint(
        "delete",
        "egress-rules/<uuid:rule_id>",
        "admin",
        204,
        names=House.egress_rule,
        writes="egress_rule.deleted",
    ),
    Endpoint("get", "egress-requests", "read"),
    Endpoint("get", "tasks", "read"),
    Endpoint(
        "post",
        "tasks",
        "run",
        201,
        body=lambda _: {"name": new_name(), "spec": SPEC},
        writes="task.created",
    ),
    Endpoint("post", "tasks/validate", "read", body=lambda _: {"spec": SPEC}),
    Endpoint("get", "tasks/schema", "read"),
    Endpoint("get", "tasks/<uuid:task_id>", "read", names=House.task),
    Endpoint(
        "patch",
        "tasks/<uuid:task_id>",
        "run",
        names=House.task,
        body=lambda _: {"name": new_name()},
        writes="task.changed",
    ),
    Endpoint(
        "delete", "tasks/<uuid:task_id>", "run", 204, names=House.task, writes="task.archived"
    ),
    Endpoint("get", "tasks/<uuid:task_id>/versions", "read", names=House.task),
    Endpoint("get", "runs", "read"),
    Endpoint(
        "post",
        "runs",
        "run",
        201,
        body=lambda house: {"task_id": str(house.task())},
        writes="run.started",
    ),
    Endpoint("get", "runs/<uuid:run_id>", "read", names=House.run),
    Endpoint("delete", "runs/<uuid:run_id>", "run", names=House.run, writes="run.cancelled"),
    Endpoint("get", "runs/<uuid:run_id>/steps", "read", names=House.run),
    Endpoint("get", "runs/<uuid:run_id>/metrics", "read", names=House.run),
    Endpoint("get", "runs/<uuid:run_id>/artifacts", "read", names=House.run),
    Endpoint("get", "runs/<uuid:run_id>/tool-calls", "read", names=House.run),
    Endpoint("get", "runs/<uuid:run_id>/events", "read", names=House.run),
    Endpoint(
        "post", "runs/<uuid:run_id>/retry", "run", 201, names=House.failed_run, writes="run.retried"
    ),
    Endpoint(
        "post",
        "runs/<uuid:run_id>/fork",
        "run",
        201,
        names=House.failed_run,
        body=lambda _: {"step": STEP},
        writes="run.forked",
    ),
    Endpoint(
        "post",
        "runs/<uuid:run_id>/steps/<str:name>/approve",
        "run",
        names=House.asking_run,
        writes="run.approved",
    ),
    Endpoint(
        "post",
        "runs/<uuid:run_id>/steps/<str:name>/reject",
        "run",
        names=House.asking_run,
        writes="run.rejected",
    ),
    Endpoint(
        "post",
        "runs/<uuid:run_id>/steps/<str:name>/signal",
        "run",
        names=House.waiting_run,
        writes="run.signalled",
    ),
]


def api_views() -> Iterator[tuple[str, Any]]:
    """Each route below PREFIX, with the class of its view."""
    yield from _views(get_resolver(), "")


def _views(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if not isinstance(entry, URLPattern):
            yield from _views(entry, route)
        elif route.startswith(PREFIX):
            yield route.removeprefix(PREFIX), getattr(entry.callback, "view_class", None)
