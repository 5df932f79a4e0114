"""Every place of the API where a caller names a row, read off the OpenAPI document."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from apps.gateway.models import ModelRoute
from apps.runs.models import Ask, Run, TaskDefinition
from apps.tenants.models import Alert, ApiKey, AuditEntry, Secret, Tenant, User
from apps.tools.models import Artifact, EgressRule, McpServer, ToolCall, ToolSecret
from tests.api.tenants.house import LIMITS, RATE, STEP, TOOL_SECRET, House

STEP_PATH = "/api/v1/runs/{run_id}/steps/{name}"
METHODS = ("get", "post", "put", "patch", "delete")
SPEC = {"steps": [{"name": "a", "kind": "tool", "tool": "code", "arguments": {"program": "1"}}]}


def _first(model: Any, field: str, **where: Any) -> Callable[[Tenant], str]:
    return lambda tenant: str(
        model.objects.filter(tenant=tenant, **where).order_by("pk").values_list(field, flat=True)[0]
    )


def _named_by_a_run(field: str, row_id: uuid.UUID, tenant: Tenant) -> str:
    Run.objects.filter(id=House(tenant).run()).update(**{field: row_id})
    return str(row_id)


NAMES: dict[str, Callable[[Tenant], str]] = {
    "task_id": _first(TaskDefinition, "id"),
    "run_id": _first(Run, "id", completed_at=None),
    "parent_run_id": lambda tenant: _named_by_a_run("parent_run_id", House(tenant).run(), tenant),
    "forked_from_id": lambda tenant: _named_by_a_run("forked_from_id", House(tenant).run(), tenant),
    "created_by_id": lambda tenant: _named_by_a_run("created_by_id", House(tenant).user(), tenant),
    "ask": lambda tenant: str(House(tenant).question()),
    "artifact_id": _first(Artifact, "id"),
    "rule_id": _first(EgressRule, "id"),
    "call_id": _first(ToolCall, "id"),
    "server_id": _first(McpServer, "id"),
    "user_id": _first(User, "id"),
    "api_key_id": _first(ApiKey, "id", rotated_at=None, name="key"),
    "actor_id": _first(AuditEntry, "actor_id", actor_kind="user"),
    "target_id": _first(User, "id"),
    "subject": _first(Alert, "subject"),
    "email": _first(User, "email"),
    "tasks.name": _first(TaskDefinition, "name"),
    "secrets.name": _first(Secret, "name"),
    "tool-secrets.name": _first(ToolSecret, "name"),
    "alias": _first(ModelRoute, "alias"),
    "Idempotency-Key": _first(Run, "idempotency_key", completed_at=None),
}
"""What a caller may name a row by, and how the row of a tenant is found; below one address where
the name alone is not clear."""
MADE: dict[str, Callable[[Tenant], str]] = {
    "get /api/v1/artifacts/{artifact_id}/thumbnail": lambda tenant: str(House(tenant).picture()),
    "post /api/v1/mcp-servers/{server_id}/refresh": lambda tenant: str(House(tenant).mcp_server()),
    "post /api/v1/runs/{run_id}/retry": lambda tenant: str(House(tenant).failed_run()),
    "post /api/v1/runs/{run_id}/fork": lambda tenant: str(House(tenant).failed_run()),
    "get /api/v1/budgets/users/{user_id}": lambda tenant: str(House(tenant).limited_user()),
    "delete /api/v1/budgets/users/{user_id}": lambda tenant: str(House(tenant).limited_user()),
    "get /api/v1/budgets/api-keys/{api_key_id}": lambda tenant: str(
        House(tenant).limited_api_key()
    ),
    "delete /api/v1/budgets/api-keys/{api_key_id}": lambda tenant: str(
        House(tenant).limited_api_key()
    ),
    "get /api/v1/rate-limits/users/{user_id}": lambda tenant: str(House(tenant).rated_user()),
    "delete /api/v1/rate-limits/users/{user_id}": lambda tenant: str(House(tenant).rated_user()),
    "get /api/v1/rate-limits/api-keys/{api_key_id}": lambda tenant: str(
        House(tenant).rated_api_key()
    ),
    "delete /api/v1/rate-limits/api-keys/{api_key_id}": lambda tenant: str(
        House(tenant).rated_api_key()
    ),
    f"post {STEP_PATH}/approve": lambda tenant: str(House(tenant).asking_run()),
    f"post {STEP_PATH}/reject": lambda tenant: str(House(tenant).asking_run()),
    f"post {STEP_PATH}/signal": lambda tenant: str(House(tenant).waiting_run()),
}
"""Where any run of the tenant will not do: a new one that the address is good for."""
PLAIN = {
    "runs.name",
    "status",
    "task_version",
    "created_after",
    "created_before",
    "is_root",
    "is_refused",
    "after",
    "Last-Event-ID",
    "format",
    "since",
    "until",
    "with_items",
    "role",
    "kind",
    "action",
    "page",
    "cursor",
    "group_by",
    "page_size",
    "provider",
    "model",
    "limit",
    "tool",
    "seconds",
}
"""Parameters that name no row."""
BODIES: dict[str, Callable[[Tenant], dict[str, Any]]] = {
    "post /api/v1/runs": lambda tenant: {"task_id": NAMES["task_id"](tenant)},
    "post /api/v1/tasks": lambda _: {"name": uuid.uuid4().hex, "spec": SPEC},
    "post /api/v1/users": lambda _: {"email": f"{uuid.uuid4().hex}@example.org"},
    "patch /api/v1/users/{user_id}": lambda _: {"role": "admin"},
    "post /api/v1/api-keys": lambda _: {"name": uuid.uuid4().hex, "scopes": ["read"]},
    "put /api/v1/model-routes/{alias}": lambda _: {"targets": ["openai:gpt-4o"]},
    "put /api/v1/provider-keys/{provider}": lambda _: {"api_key": "hush"},
    "put /api/v1/tool-secrets/{name}": lambda _: TOOL_SECRET.copy(),
    "put /api/v1/secrets/{name}": lambda _: {"value": "hush"},
    "put /api/v1/budgets/users/{user_id}": lambda _: LIMITS.copy(),
    "put /api/v1/budgets/api-keys/{api_key_id}": lambda _: LIMITS.copy(),
    "put /api/v1/rate-limits/users/{user_id}": lambda _: RATE.copy(),
    "put /api/v1/rate-limits/api-keys/{api_key_id}": lambda _: RATE.copy(),
    "post /api/v1/runs/{run_id}/fork": lambda _: {"step": STEP},
}
"""A body that is right, where one is needed."""


@dataclass(frozen=True)
class Position:
    """A row is named in `place` (path, query, header or body) by the parameter `name`."""

    method: str
    path: str
    place: str
    name: str
    is_id: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.place} {self.name}"

    def value_of(self, tenant: Tenant) -> str:
        """The tenant's row."""
        make = MADE.get(f"{self.method} {self.path}")
        if make is not None and self.place == "path":
            return make(tenant)
        head = self.path.split("/")[3]
        return (NAMES.get(f"{head}.{self.name}") or NAMES[self.name])(tenant)

    def missing(self) -> str:
        """No row of anybody."""
        if self.name == "email":
            return f"{uuid.uuid4().hex}@example.org"
        return str(uuid.uuid4()) if self.is_id else f"n{uuid.uuid4().hex[:20]}"

    def prepare(self, client: Any, sender: Tenant, value: str) -> Callable[[], Any]:
        """Sends a request of `sender` that is right but for naming `value` here."""
        path = self.path
        for name, parameter in operation(self.method, path)["in"]["path"].items():
            position = Position(self.method, path, "path", name, is_id(parameter))
            is_here = (self.place, self.name) == ("path", name)
            is_step = position.path.startswith(STEP_PATH) and name == "name"
            other = STEP if is_step else ""
            path = path.replace(
                f"{{{name}}}", value if is_here else other or self._beside(position, sender, value)
            )
        body = BODIES.get(f"{self.method} {self.path}", lambda _: {})(sender)
        if self.place == "body":
            body[self.name] = value
        if self.place == "query":
            path = f"{path}?{self.name}={value}"
        headers = {self.name: value} if self.place == "header" else {}
        return partial(getattr(client, self.method), path, body, headers=headers)

    def _beside(self, position: "Position", sender: Tenant, value: str) -> str:
        """A row of the sender for another position; for a question, the run that asks it or one."""
        if self.name != "ask":
            return position.value_of(sender)
        own = Ask.objects.filter(tenant=sender, id=value).first()
        return str((own or Ask.objects.get(id=House(sender).question())).run_id)


def is_id(schema: dict[str, Any]) -> bool:
    return schema.get("format") == "uuid" or schema.get("name", "").endswith("_id")


def positions() -> Iterator[Position]:
    """All of them. Raises KeyError for a parameter that nobody has decided about."""
    for (method, path), found in _operations().items():
        for place, parameters in found["in"].items():
            for name, schema in parameters.items():
                position = Position(method, path, place, name, is_id(schema))
                if is_known(position):
                    yield position


def is_known(position: Position) -> bool:
    """Whether the parameter names a row. Raises KeyError when NAMES and PLAIN do not say."""
    head = position.path.split("/")[3]
    if f"{head}.{position.name}" in NAMES or position.name in NAMES:
        return True
    if position.place == "body" and not position.is_id:
        return False
    if not {position.name, f"{head}.{position.name}"} & PLAIN:
        raise KeyError(f"add what {position} names to NAMES or PLAIN")
    return False


def operation(method: str, path: str) -> dict[str, Any]:
    return _operations()[method, path]


def paths() -> set[str]:
    """The addresses that the document describes."""
    return {path for _, path in _operations()}


@cache
def _operations() -> dict[tuple[str, str], dict[str, Any]]:
    document = SchemaGenerator().get_schema(public=True)
    schemas = document["components"]["schemas"]
    return {
        (method, path): {"in": _parameters(found, schemas)}
        for path, item in document["paths"].items()
        for method, found in item.items()
        if method in METHODS
    }


def _parameters(found: dict[str, Any], schemas: dict[str, Any]) -> dict[str, dict[str, Any]]:
    places: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}, "body": {}}
    for parameter in found.get("parameters", []):
        schema = {**parameter["schema"], "name": parameter["name"]}
        places[parameter["in"]][parameter["name"]] = schema
    for content in found.get("requestBody", {}).get("content", {}).values():
        reference = content["schema"].get("$ref", "").rpartition("/")[2]
        for name, schema in schemas.get(reference, {}).get("properties", {}).items():
            places["body"][name] = {**schema, "name": name}
    return places
