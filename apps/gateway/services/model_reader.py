"""What tenants have set of models, for the calls of one event loop: from memory, or read."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

import psycopg
import structlog
from django.db import DatabaseError

from agentplatform.core.connections import brief_connection
from agentplatform.core.errors import PlatformError
from agentplatform.core.postgresql.base import SET_TENANT
from agentplatform.core.postgresql.group_commit import Connection, GroupCommit, execute
from agentplatform.core.tenancy import tenant_scope
from agentplatform.settings.environment import Environment
from apps.gateway.services.own_keys import OwnKey, reveal_keys
from apps.gateway.services.routes import Menu
from apps.gateway.services.tenant_models import READ, TenantModels, tenant_models_of

log = structlog.get_logger("llm")

READ_AGAIN_SECONDS = 1.5
"""From this age on it is read anew while it goes on answering."""
TOO_OLD_SECONDS = 4.0
"""Of this age it answers only when nothing newer can be had within PATIENCE_SECONDS."""
PATIENCE_SECONDS = 0.25
FIRST_PATIENCE_SECONDS = 2.0
"""The same, for a tenant of which nothing is known yet."""
MAX_TENANTS = 4096


class ModelsUnavailable(PlatformError):
    """What a tenant has set could not be read yet, so nothing can be said of whom to ask."""

    code: ClassVar[str] = "models_unavailable"
    status: ClassVar[int] = 503
    is_retryable: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a tenant has set, and its own keys by provider."""

    models: TenantModels
    keys: Mapping[str, OwnKey] = field(default_factory=dict)
    read_at: float

    def menu(self, settings: Environment) -> Menu:
        """What the tenant may name."""
        return self.models.menu(settings, key_ids={name: key.id for name, key in self.keys.items()})


class ModelReader:
    """Belongs to the event loop that uses it. A change is noticed within TOO_OLD_SECONDS."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._group: GroupCommit[UUID, TenantModels] = GroupCommit(_read)
        self._known: OrderedDict[UUID, Known] = OrderedDict()
        self._reading: dict[UUID, asyncio.Task[None]] = {}

    def prepare(self, tenant_id: UUID) -> None:
        """Begin to read what is not known well enough, so that nobody waits for it later."""
        known = self._known.get(tenant_id)
        if known is None or self._age(known) >= READ_AGAIN_SECONDS:
            self._begin(tenant_id)

    async def of(self, tenant_id: UUID) -> Known:
        """What the tenant has set. Raises ModelsUnavailable when it was never known and the
        database does not answer."""
        known = self._known.get(tenant_id)
        if known is not None and self._age(known) < TOO_OLD_SECONDS:
            self.prepare(tenant_id)
            return known
        patience = FIRST_PATIENCE_SECONDS if known is None else PATIENCE_SECONDS
        try:
            async with asyncio.timeout(patience):
                await asyncio.shield(self._begin(tenant_id))
        except (psycopg.Error, DatabaseError, OSError) as error:
            if known is None:
                raise ModelsUnavailable("The tenant's routes cannot be read; try again.") from error
            log.warning("models.not_read", tenant_id=str(tenant_id), error=str(error))
            return known
        return self._known[tenant_id]

    async def close(self) -> None:
        """Give the connection back."""
        for task in tuple(self._reading.values()):
            task.cancel()
        await self._group.close()

    def _age(self, known: Known) -> float:
        return self._monotonic() - known.read_at

    def _begin(self, tenant_id: UUID) -> "asyncio.Task[None]":
        task = self._reading.get(tenant_id)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._learn(tenant_id))
            self._reading[tenant_id] = task
            task.add_done_callback(lambda done: self._end(tenant_id, done))
        return task

    def _end(self, tenant_id: UUID, task: "asyncio.Task[None]") -> None:
        del self._reading[tenant_id]
        if not task.cancelled():
            task.exception()  # who waits for it is told; nobody may

    async def _learn(self, tenant_id: UUID) -> None:
        began = self._monotonic()
        models = await self._group.ask(tenant_id)
        keys = await asyncio.to_thread(_reveal, tenant_id, models) if models.accounts else {}
        self._known[tenant_id] = Known(models=models, keys=keys, read_at=began)
        self._known.move_to_end(tenant_id)
        if len(self._known) > MAX_TENANTS:
            self._known.popitem(last=False)


async def _read(connection: Connection, tenant_ids: Sequence[UUID]) -> list[TenantModels]:
    statements = []
    for tenant_id in tenant_ids:
        scope = {"tenant_id": str(tenant_id)}
        statements += [(SET_TENANT, scope), (READ, scope)]
    rows = await execute(connection, statements)
    return [tenant_models_of(found[0]) for found in rows[1::2]]


def _reveal(tenant_id: UUID, models: TenantModels) -> dict[str, OwnKey]:
    with brief_connection(), tenant_scope(tenant_id):
        return reveal_keys(tenant_id, models.accounts)
