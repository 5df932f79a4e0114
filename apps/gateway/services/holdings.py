"""What the gateway holds of a tenant: model calls, the attempts to have them answered, and what it
has set of models."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Model, QuerySet

from agentplatform.calls.cancel import cancel_tenant_rows, count_tenant_rows
from agentplatform.core.rows import rows_of
from apps.gateway.models import KeyedCall, LlmCall, LlmEvent, ModelPolicy, ModelRoute, ProviderKey
from apps.tenants.contracts import Counts, Exported, ExportedRows

_SETTINGS: Final[dict[str, type[Model]]] = {
    "model_routes": ModelRoute,
    "model_policies": ModelPolicy,
    "provider_keys": ProviderKey,
}
"""By the names of their files. A key itself is a secret, and no column of these."""


def cancel_work(*, tenant_id: UUID, at: datetime, limit: int) -> int:
    return cancel_tenant_rows(LlmCall, tenant_id=tenant_id, at=at, limit=limit)


def count_work(*, tenant_id: UUID) -> Counts:
    number = count_tenant_rows(LlmCall, tenant_id=tenant_id)
    return {"model_calls": number} if number else {}


def export(*, tenant_id: UUID) -> Iterator[Exported]:
    calls = LlmCall.objects.filter(tenant_id=tenant_id)
    attempts = LlmEvent.objects.filter(tenant_id=tenant_id)
    yield ExportedRows(name="model_calls.jsonl", rows=rows_of(calls))
    yield ExportedRows(name="model_call_attempts.jsonl", rows=rows_of(attempts))
    keyed = KeyedCall.objects.filter(tenant_id=tenant_id)
    yield ExportedRows(name="keyed_calls.jsonl", rows=rows_of(keyed, leave_out=("fingerprint",)))
    for name, model in _SETTINGS.items():
        rows = model._default_manager.filter(tenant_id=tenant_id)
        yield ExportedRows(name=f"{name}.jsonl", rows=rows_of(rows))


def count(*, tenant_id: UUID, ended_before: datetime | None) -> Counts:
    found = _purgeable(tenant_id, ended_before)
    counts = {name: rows.count() for name, rows in found.items()}
    return {name: number for name, number in counts.items() if number}


def purge(*, tenant_id: UUID, ended_before: datetime | None, limit: int) -> Counts:
    for name, rows in _purgeable(tenant_id, ended_before).items():
        ids: list[Any] = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
        if ids:
            rows.filter(pk__in=ids).delete()
            return {name: len(ids)}
    return {}


def purge_runs(*, tenant_id: UUID, run_ids: Collection[UUID]) -> None:
    """Delete the calls of these runs and their attempts. Joins the caller's transaction."""
    for model in (LlmEvent, LlmCall):
        model._default_manager.filter(tenant_id=tenant_id, run_id__in=run_ids).delete()


def _purgeable(tenant_id: UUID, ended_before: datetime | None) -> dict[str, QuerySet[Any]]:
    """A call goes with its run, one with a key after a day; only an attempt without a run ends by
    itself."""
    attempts = LlmEvent.objects.filter(tenant_id=tenant_id)
    if ended_before is not None:
        return {"model_call_attempts": attempts.filter(run_id=None, created_at__lt=ended_before)}
    return {
        "model_call_attempts": attempts,
        "model_calls": LlmCall.objects.filter(tenant_id=tenant_id),
        "keyed_calls": KeyedCall.objects.filter(tenant_id=tenant_id),
        **{
            name: model._default_manager.filter(tenant_id=tenant_id)
            for name, model in _SETTINGS.items()
        },
    }
