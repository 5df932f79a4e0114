"""The audit as JSON lines."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any
from uuid import UUID

from rest_framework.utils.encoders import JSONEncoder

from agentplatform.core.tenancy import tenant_scope
from apps.tenants.contracts import AuditFilter
from apps.tenants.selectors import AUDIT_FIELDS, audit_entries

BATCH = 500


def export_audit(
    *, tenant_id: UUID | None, wanted: AuditFilter, batch: int = BATCH
) -> Iterator[bytes]:
    """Batches of lines, oldest entry first; `tenant_id` None: of every tenant and of the platform.

    Whoever reads may be slow: no transaction and no scope is open while a batch is handed over. An
    entry whose transaction is still open while its successors are read is left out.
    """
    last = 0
    while rows := _read(tenant_id, wanted, last, batch):
        yield b"".join(map(_line, rows))
        last = rows[-1]["id"]


def _read(
    tenant_id: UUID | None, wanted: AuditFilter, last: int, batch: int
) -> list[dict[str, Any]]:
    with tenant_scope(tenant_id) if tenant_id else nullcontext():
        entries = audit_entries(tenant_id=tenant_id, wanted=wanted).filter(id__gt=last)
        return list(entries.order_by("id").values(*AUDIT_FIELDS)[:batch])


def _line(row: dict[str, Any]) -> bytes:
    text = json.dumps(row, cls=JSONEncoder, ensure_ascii=False, separators=(",", ":"))
    return f"{text}\n".encode()
