"""Alerts of the gateway, raised in the background: no call waits for one, and none fails by one."""

import asyncio
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from agentplatform.core.connections import brief_connection
from apps.tenants import facade as tenants
from apps.tenants.contracts import AlertKind, NewAlert

log = structlog.get_logger("alerts")

PERIOD = timedelta(minutes=15)
"""How often the same is said of the same."""
MAX_REMEMBERED = 10_000

_told: dict[Hashable, None] = {}
_writing: set[asyncio.Task[None]] = set()


def raise_alert(
    *,
    kind: AlertKind,
    subject: str,
    at: datetime,
    tenant_id: UUID | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Say it once a PERIOD of its kind, subject and tenant, whichever process says it. Without a
    tenant it is the platform's. Call it on an event loop; it returns at once."""
    period = datetime.fromtimestamp(at.timestamp() // _SECONDS * _SECONDS, tz=at.tzinfo)
    alert = NewAlert(
        kind=kind,
        subject=subject,
        once_per=f"{subject[:255]}@{period:%Y-%m-%dT%H:%M}",
        tenant_id=tenant_id,
        details=details or {},
    )
    _once((kind, tenant_id, alert.once_per), partial(tenants.raise_alert, alert, at=at))


def tell_refusal(*, tenant_id: UUID, account_id: int, at: datetime) -> None:
    """Say it once that this account had no room for a call. As raise_alert."""
    tell = partial(tenants.tell_refusal, tenant_id=tenant_id, account_id=account_id, at=at)
    _once(account_id, tell)


async def finish_alerts() -> None:
    """Wait for those that this loop still writes, and forget what was said."""
    loop = asyncio.get_running_loop()
    await asyncio.gather(*(one for one in _writing if one.get_loop() is loop))
    _told.clear()


_SECONDS = PERIOD.total_seconds()


def _once(occasion: Hashable, write: Callable[[], Any]) -> None:
    if occasion in _told:
        return
    if len(_told) >= MAX_REMEMBERED:
        _told.clear()  # the database says what was said before
    _told[occasion] = None
    task = asyncio.create_task(_write(occasion, write))
    _writing.add(task)
    task.add_done_callback(_writing.discard)


async def _write(occasion: Hashable, write: Callable[[], Any]) -> None:
    try:
        await asyncio.to_thread(_on_brief_connection, write)
    except Exception:
        _told.pop(occasion, None)  # whoever has the next cause tries again
        log.exception("alert.lost", occasion=str(occasion))


def _on_brief_connection(write: Callable[[], Any]) -> None:
    with brief_connection():
        write()
