"""The audit as JSON lines."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.utils.encoders import JSONEncoder

from agentplatform.core.tenancy import tenant_scope
from apps.tenants.contracts import AuditFilter
from apps.tenants.models import AuditEntry
from apps.tenants.selectors import AUDIT_FIELDS, audit_entries

BATCH = 500
Scope = Callable[[], AbstractContextManager[None]]


def export_audit(
    *, tenant_id: UUID | None, wanted: AuditFilter, batch: int = BATCH
) -> Iterator[bytes]:
    """The entries that are wanted, as export_entries does; `tenant_id` None: of every tenant and of
    the platform, as far as the scope of whoever asks for the next batch shows them."""
    entries = audit_entries(tenant_id=tenant_id, wanted=wanted)
    scope = partial(tenant_scope, tenant_id) if tenant_id else nullcontext
    return export_entries(entries, scope=scope, batch=batch)


def export_entries(
    entries: QuerySet[AuditEntry], *, scope: Scope, batch: int = BATCH
) -> Iterator[bytes]:
    """Batches of lines, oldest entry first, each read inside a `scope()` of its own.

    Whoever reads may be slow: no transaction and no scope is open while a batch is handed over. An
    entry whose transaction is still open while its successors are read is left out.
    """
    last = 0
    while rows := _read(entries.filter(id__gt=last), scope, batch):
        yield b"".join(map(_line, rows))
        last = rows[-1]["id"]


def _read(entries: QuerySet[AuditEntry], scope: Scope, batch: int) -> list[dict[str, Any]]:
    with scope():
        return list(entries.order_by("id").values(*AUDIT_FIELDS)[:batch])


def _line(row: dict[str, Any]) -> bytes:
    text = json.dumps(row, cls=JSONEncoder, ensure_ascii=False, separators=(",", ":"))
    return f"{text}\n".encode()
