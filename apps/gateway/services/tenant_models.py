"""What a tenant has set of models: its routes, its policy and its own accounts with providers."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from agentplatform.core.transactions import scope_connection
from agentplatform.settings.environment import Environment
from agentplatform.settings.model_routes import LISTS, Route
from apps.gateway.models import ModelPolicy
from apps.gateway.services.routes import Menu

KEEP_SECONDS: Final = 4.0
MAX_TENANTS: Final = 4096
READ: Final = """
select
  (select jsonb_object_agg(alias, jsonb_build_object('targets', targets,
     'on_context_window', on_context_window, 'on_content_filter', on_content_filter))
   from model_routes where tenant_id = %(tenant_id)s) as routes,
  (select jsonb_build_object('allowed_models', allowed_models, 'allows_local', allows_local)
   from model_policies where tenant_id = %(tenant_id)s) as policy,
  (select jsonb_object_agg(provider, jsonb_build_object('base_url', base_url,
     'default_model', default_model)) from provider_keys where tenant_id = %(tenant_id)s) as keys
"""
"""One row of what tenant_models_of takes. Parameter: tenant_id, whose scope must be open."""


@dataclass(frozen=True, kw_only=True)
class OwnAccount:
    """A tenant's account with a provider, without its key. Empty: as in the settings."""

    base_url: str
    default_model: str


@dataclass(frozen=True, kw_only=True)
class TenantModels:
    """Of a tenant that has set nothing all of it is empty."""

    routes: Mapping[str, Route] = field(default_factory=dict)
    is_routed_only: bool = False
    allows_local: bool = False
    accounts: Mapping[str, OwnAccount] = field(default_factory=dict)

    def menu(self, settings: Environment, *, key_ids: Mapping[str, str]) -> Menu:
        """What the tenant may name; its routes take the place of the platform's. `key_ids` are its
        own keys by provider."""
        return Menu(
            routes={**settings.routes, **self.routes} if self.routes else settings.routes,
            is_routed_only=self.is_routed_only,
            allows_local=self.allows_local,
            key_ids=key_ids,
        )


NOTHING_SET: Final = TenantModels()


def tenant_models_of(row: Mapping[str, Any]) -> TenantModels:
    """What the row of READ says."""
    routes, policy, keys = (_decoded(row[name]) for name in ("routes", "policy", "keys"))
    if not (routes or policy or keys):
        return NOTHING_SET
    return TenantModels(
        routes={
            alias: Route(**{name: tuple(lists[name]) for name in LISTS})
            for alias, lists in routes.items()
        },
        is_routed_only=policy.get("allowed_models") == ModelPolicy.Allowed.ROUTED,
        allows_local=policy.get("allows_local", False),
        accounts={provider: OwnAccount(**account) for provider, account in keys.items()},
    )


def read_tenant_models(tenant_id: UUID) -> TenantModels:
    """As it is now, by one query in the scope that is open."""
    with scope_connection().cursor() as cursor:
        cursor.execute(READ, {"tenant_id": tenant_id})
        names = [column.name for column in cursor.description]
        return tenant_models_of(dict(zip(names, cursor.fetchone(), strict=True)))


class FollowedModels:
    """What tenants have set, from the memory of this process, at most KEEP_SECONDS old. For
    whoever works in the tenant's scope; safe to share between threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._known: dict[UUID, tuple[float, TenantModels]] = {}

    def of(self, tenant_id: UUID) -> TenantModels:
        """As it was a moment ago; read in the scope that is open if that is not known."""
        now = self._monotonic()
        read_at, models = self._known.get(tenant_id, (-KEEP_SECONDS, NOTHING_SET))
        if now - read_at < KEEP_SECONDS:
            return models
        models = read_tenant_models(tenant_id)
        if len(self._known) >= MAX_TENANTS:
            self._known = {}
        self._known[tenant_id] = (now, models)
        return models

    def forget(self) -> None:
        """Know nothing."""
        self._known = {}


followed_models = FollowedModels()


def _decoded(value: Any) -> dict[str, Any]:
    """Django's connections leave JSON as text, others decode it."""
    found = json.loads(value) if isinstance(value, str) else value
    return found or {}
