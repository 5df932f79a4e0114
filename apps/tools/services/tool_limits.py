"""How much a call of a tool may use, for the tenant that asks."""

import threading
import time
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, UUIDField, Value

from apps.tools.models import ToolDefault, ToolLimit
from apps.tools.models.tool_limit import LIMITS
from apps.tools.runners.limits import Limits

FRESH_SECONDS = 3.0
"""How long a process goes by what it has read: a change counts after this at the latest."""
_MOST_KNOWN = 4096

Given = dict[str, float | int]


def limits_of_call(*, tenant_id: UUID, tool: str, timeout_seconds: float) -> Limits:
    """The limits of a call that asks for so much time. Reads at most every FRESH_SECONDS."""
    limits = _limits(_known.get(tenant_id, tool))
    return replace(limits, wall_seconds=min(timeout_seconds, limits.wall_seconds))


def limits_of_tenant(*, tenant_id: UUID, tools: tuple[str, ...]) -> dict[str, Limits]:
    """The limits of every one of `tools`, and of each that has some set, by tool."""
    rows = _rows(tenant_id)
    names = (*tools, *sorted({row["tool"] for row in rows} - set(tools)))
    return {name: _limits(_merged([row for row in rows if row["tool"] == name])) for name in names}


def limits_of_platform() -> Limits:
    """The limits of a tool for which nobody has set any."""
    return _limits({})


def _limits(given: Given) -> Limits:
    """Nothing above what the operator allows, though it was set before that was lowered."""
    most = settings.PLATFORM.most_tool_limits
    plain = Limits(wall_seconds=most.wall_seconds)
    bounded = {
        name: min(given.get(name, getattr(plain, name)), getattr(most, name)) for name in LIMITS
    }
    return replace(
        plain,
        **bounded,
        process_bytes=bounded["memory_bytes"],
        file_bytes=bounded["work_bytes"],
    )


def _rows(tenant_id: UUID, **where: str) -> list[dict[str, Any]]:
    """The defaults first, then the tenant's: in one statement."""
    nobody = Value(None, output_field=UUIDField())
    columns = ("tool", *LIMITS, "of")
    defaults = ToolDefault.objects.filter(**where).annotate(of=nobody).order_by()
    own = ToolLimit.objects.filter(tenant_id=tenant_id, **where).annotate(of=F("tenant_id"))
    rows = defaults.values(*columns).union(own.order_by().values(*columns), all=True)
    return sorted(rows, key=lambda row: row["of"] is not None)


def _merged(rows: list[dict[str, Any]]) -> Given:
    given: Given = {}
    for row in rows:
        given |= {name: row[name] for name in LIMITS if row[name] is not None}
    return given


class _Known:
    """What was read a moment ago, of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: dict[tuple[UUID, str], tuple[float, Given]] = {}

    def get(self, tenant_id: UUID, tool: str) -> Given:
        at = time.monotonic()
        read_at, given = self._read.get((tenant_id, tool), (float("-inf"), {}))
        if at - read_at < FRESH_SECONDS:
            return given
        given = _merged(_rows(tenant_id, tool=tool))
        with self._lock:
            if len(self._read) >= _MOST_KNOWN:
                self._read.clear()
            self._read[tenant_id, tool] = at, given
        return given

    def clear(self) -> None:
        self._read.clear()


_known = _Known()
forget_limits = _known.clear
