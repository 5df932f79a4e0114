"""What a name of a model stands for in a tenant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from agentplatform.core.errors import Conflict, InvalidInput, NotFound
from agentplatform.core.transactions import transaction
from agentplatform.settings.model_routes import LISTS, route_problems
from apps.gateway.models import ModelRoute
from apps.tenants.facade import record_change

MAX_ROUTES: Final = 100


def set_model_route(
    *,
    tenant_id: UUID,
    alias: str,
    targets: Sequence[str],
    on_context_window: Sequence[str] = (),
    on_content_filter: Sequence[str] = (),
    at: datetime,
) -> None:
    """Have calls that name `alias` go to these models. It takes the place of the tenant's earlier
    route and of the platform's. Counts within seconds. Raises InvalidInput, which names the part
    that is wrong, and Conflict beyond MAX_ROUTES. Opens a transaction.
    """
    given = (targets, on_context_window, on_content_filter)
    lists = {name: list(models) for name, models in zip(LISTS, given, strict=True)}
    if problems := route_problems(alias, lists):
        raise InvalidInput("This is no route.", errors=problems)
    with transaction():
        rows = ModelRoute.objects.filter(tenant_id=tenant_id)
        row = rows.select_for_update().filter(alias=alias).first()
        if row is None and rows.count() >= MAX_ROUTES:
            raise Conflict(f"A tenant has up to {MAX_ROUTES} routes; delete one first.")
        before = _lists_of(row) if row else {}
        ModelRoute.objects.update_or_create(tenant_id=tenant_id, alias=alias, defaults=lists)
        _record(tenant_id, "changed" if row else "added", alias, at, before=before, after=lists)


def delete_model_route(*, tenant_id: UUID, alias: str, at: datetime) -> None:
    """From now on the name stands for what it does on the platform, if for anything. Raises
    NotFound. Opens a transaction."""
    with transaction():
        row = ModelRoute.objects.filter(tenant_id=tenant_id, alias=alias).first()
        if row is None:
            raise NotFound(f"There is no route {alias}.")
        before = _lists_of(row)
        row.delete()
        _record(tenant_id, "deleted", alias, at, before=before)


def _lists_of(row: ModelRoute) -> dict[str, Any]:
    return {name: list(getattr(row, name)) for name in LISTS}


def _record(tenant_id: UUID, verb: str, alias: str, at: datetime, **values: Any) -> None:
    record_change(
        tenant_id=tenant_id,
        action=f"model_route.{verb}",
        target=("model_route", alias),
        at=at,
        **values,
    )
