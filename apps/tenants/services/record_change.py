"""Write down who changed what."""

from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.core.actor import current_actor
from agentplatform.core.json_values import clean_json
from agentplatform.core.mask import mask_secrets
from agentplatform.core.postgresql.batch import Batch
from agentplatform.core.transactions import require_transaction
from agentplatform.telemetry.trace import current_trace_id
from apps.tenants.models import AuditEntry


def record_change(
    *,
    tenant_id: UUID | None,
    action: str,
    target: tuple[str, object],
    at: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Add an audit entry to the change's own transaction. Requires a transaction and an actor.

    `action` is a dotted noun.verb (api_key.revoked), `target` a kind and an id. Of `before` and
    `after` only what differs is kept, and no secret of it. `tenant_id` None: the platform itself.
    """
    require_transaction()
    given = {"before": before or {}, "after": after or {}}
    AuditEntry.objects.create(
        **_entry(tenant_id=tenant_id, action=action, target=target, at=at, **given)
    )


def record_addition_in(
    batch: Batch,
    *,
    tenant_id: UUID,
    action: str,
    target: tuple[str, object],
    at: datetime,
    after: dict[str, Any],
) -> None:
    """The same of something new, written when the batch is sent."""
    given = {"before": {}, "after": after}
    entry = _entry(tenant_id=tenant_id, action=action, target=target, at=at, **given)
    entry["tenant"] = entry.pop("tenant_id")
    batch.insert(AuditEntry, [entry])


def _entry(
    *,
    tenant_id: UUID | None,
    action: str,
    target: tuple[str, object],
    at: datetime,
    before: dict[str, Any],
    after: dict[str, Any],
) -> dict[str, Any]:
    actor = current_actor()
    changed = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
    kind, target_id = target
    return {
        "tenant_id": tenant_id,
        "at": at,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name[:254],
        "action": action,
        "target_kind": kind,
        "target_id": str(target_id),
        "before": _shown(before, changed),
        "after": _shown(after, changed),
        "address": actor.address[:45],
        "trace_id": current_trace_id() or "",
    }


def _shown(values: dict[str, Any], changed: list[str]) -> dict[str, Any]:
    shown = {key: values[key] for key in sorted(changed) if key in values}
    cleaned: dict[str, Any] = clean_json(mask_secrets(shown))
    return cleaned
