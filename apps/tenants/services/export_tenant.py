"""Write all that the platform holds of a tenant into one archive."""

import io
import json
import os
import tarfile
import tempfile
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, BinaryIO
from uuid import UUID

from agentplatform.core.errors import Conflict, NotFound
from agentplatform.core.tenancy import tenant_scope
from agentplatform.core.transactions import transaction
from apps.tenants.contracts import Counts, Exported, ExportedFile, ExportedRows
from apps.tenants.models import Tenant
from apps.tenants.services.holdings import all_holdings
from apps.tenants.services.record_change import record_change

MISSING = "missing"


def export_tenant(*, tenant_id: UUID, target: Path, at: datetime) -> Counts:
    """Write `target`, a .tar.gz that only its owner reads; returns the rows and files by name.

    Rows are read in the tenant's scope a few at a time, so what changes meanwhile may be in it or
    not. What opens a door is left out. Files whose content is lost are counted as "missing". Raises
    NotFound, and Conflict when the target exists or the tenant's data is purged. Opens a
    transaction for the audit.
    """
    if target.exists():
        raise Conflict(f"There is a file {target} already; name another one.")
    with tenant_scope(tenant_id):
        tenant = Tenant.objects.filter(id=tenant_id).first()
        _require_data(tenant)
        counts: Counter[str] = Counter()
        with _whole_file(target) as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
            for holdings in reversed(all_holdings()):
                for part in holdings.export(tenant_id=tenant_id):
                    counts.update(_add(archive, part, at=at, folder=target.parent))
        with transaction():
            record_change(
                tenant_id=tenant_id,
                action="tenant.exported",
                target=("tenant", tenant_id),
                at=at,
                after={"rows": dict(counts)},
            )
    return counts


def _require_data(tenant: Tenant | None) -> None:
    if tenant is None:
        raise NotFound("There is no such tenant.")
    if tenant.purged_at is not None:
        raise Conflict(
            f"The data of {tenant.slug} was purged at {tenant.purged_at:%Y-%m-%d %H:%M} UTC; its "
            "ledger and its audit are still in the database."
        )


@contextmanager
def _whole_file(target: Path) -> Iterator[BinaryIO]:
    """A file that has its name once it is whole."""
    part = target.with_name(f".{target.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)


def _add(archive: tarfile.TarFile, part: Exported, *, at: datetime, folder: Path) -> Counts:
    if isinstance(part, ExportedRows):
        with tempfile.TemporaryFile(dir=folder) as lines:
            count = _write(part, lines)
            _add_content(archive, part.name, lines, at)
        return {part.name: count}
    return _add_file(archive, part, at)


def _write(part: ExportedRows, lines: IO[bytes]) -> int:
    count = 0
    for row in part.rows:
        lines.write(_line(row))
        count += 1
    return count


def _add_file(archive: tarfile.TarFile, part: ExportedFile, at: datetime) -> Counts:
    try:
        content = part.open()
    except NotFound:
        return {MISSING: 1}
    with content:
        _add_content(archive, part.path, content, at)
    return {"files": 1}


def _add_content(archive: tarfile.TarFile, path: str, content: IO[bytes], at: datetime) -> None:
    entry = tarfile.TarInfo(path)
    entry.size = content.seek(0, io.SEEK_END)
    entry.mtime = int(at.timestamp())
    content.seek(0)
    archive.addfile(entry, content)


def _line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, default=_plain, ensure_ascii=False).encode() + b"\n"


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return b64encode(value).decode()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")
