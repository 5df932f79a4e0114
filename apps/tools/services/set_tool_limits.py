"""Change how much a call of a tool may use."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from agentplatform.core.errors import InvalidInput
from agentplatform.core.transactions import transaction
from apps.tenants.facade import record_change
from apps.tools.models import ToolDefault, ToolLimit
from apps.tools.models.tool_limit import LIMITS
from apps.tools.runners.mcp.naming import MARK
from apps.tools.services.find_tools import tool_names
from apps.tools.services.tool_limits import forget_limits

MEGABYTE = 1024 * 1024
LEAST = {"memory_bytes": 64 * MEGABYTE, "work_bytes": MEGABYTE, "processes": 8, "cpus": 0.05}
"""With less, no program would begin."""
_NOUN = "tool_limits"

Wanted = dict[str, float | int | None]


def set_tool_limits(*, tenant_id: UUID | None, tool: str, limits: Wanted, at: datetime) -> None:
    """Set the limits of a tool for a tenant, or without one for all that have none of their own. A
    limit that is None or not named is taken from the next wider place.

    Counts for calls that begin some seconds later. Raises InvalidInput, which names the field.
    Opens a transaction.
    """
    wanted = {name: limits.get(name) for name in LIMITS}
    if problems := _problems(tool, wanted):
        raise InvalidInput("These are no limits for a tool.", errors=problems)
    rows, key = _rows_of(tenant_id), _key(tenant_id, tool)
    with transaction():
        row = rows.select_for_update().filter(**key).values(*LIMITS).first()
        rows.update_or_create(**key, defaults={**wanted, "updated_at": at})
        verb = "added" if row is None else "changed"
        _record(tenant_id, tool, verb, at, before=row, after=wanted)
    forget_limits()


def delete_tool_limits(*, tenant_id: UUID | None, tool: str, at: datetime) -> None:
    """Go back to the next wider limits; harmless twice. Opens a transaction."""
    rows = _rows_of(tenant_id).filter(**_key(tenant_id, tool))
    with transaction():
        before = rows.select_for_update().values(*LIMITS).first()
        if before is not None:
            rows.delete()
            _record(tenant_id, tool, "deleted", at, before=before, after=None)
    forget_limits()


def _rows_of(tenant_id: UUID | None) -> Any:
    return ToolDefault.objects if tenant_id is None else ToolLimit.objects


def _key(tenant_id: UUID | None, tool: str) -> dict[str, Any]:
    return {"tool": tool} if tenant_id is None else {"tenant_id": tenant_id, "tool": tool}


def _problems(tool: str, wanted: Wanted) -> dict[str, list[str]]:
    most = settings.PLATFORM.most_tool_limits
    problems = {}
    if not tool or len(tool) > 100 or not tool.isprintable():
        problems["tool"] = ["Name a tool, in 1 to 100 printable characters."]
    elif MARK not in tool and tool not in (known := tool_names(tenant_id=None)):
        problems["tool"] = [
            f"There is no tool `{tool}`. There are {', '.join(sorted(known))}; those of an MCP "
            f"server are named <server>{MARK}<tool>."
        ]
    for name, value in wanted.items():
        least = LEAST.get(name, 1)
        if value is not None and not least <= value <= getattr(most, name):
            bounds = f"{_words(least)} to {_words(getattr(most, name))}"
            problems[name] = [f"Name {bounds}, or nothing."]
    return problems


def _words(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:g}"


def _record(
    tenant_id: UUID | None,
    tool: str,
    verb: str,
    at: datetime,
    *,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    record_change(
        tenant_id=tenant_id,
        action=f"{_NOUN}.{verb}",
        target=(_NOUN, tool),
        at=at,
        before=before,
        after=after,
    )
