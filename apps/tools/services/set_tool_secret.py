"""A secret that a tenant's tools may use."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.core.errors import InvalidInput, NotFound
from agentplatform.core.transactions import transaction
from apps.tenants.facade import drop_secret, keep_secret, record_change
from apps.tools.models import ToolSecret
from apps.tools.models.tool_secret import MAX_HOSTS
from apps.tools.runners.masking import SHORTEST
from apps.tools.runners.secret import Binding
from apps.tools.services.find_tool_secret import secret_name

MAX_VALUE = 4096
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,57}")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_OWN_HEADERS = frozenset({"host", "content-length", "content-type", "transfer-encoding", "cookie"})


def set_tool_secret(
    *,
    tenant_id: UUID,
    name: str,
    value: str | None,
    hosts: Sequence[str],
    sent_as: str = ToolSecret.SentAs.BEARER,
    parameter: str = "",
    at: datetime,
) -> tuple[ToolSecret, bool]:
    """Let the tenant's tools send this value to these hosts, and whether there was none of this
    name before. `value` None keeps the present one. Counts from the next request on.

    Raises InvalidInput, which names the field. Opens a transaction. Nobody is shown the value.
    """
    hosts = list(dict.fromkeys(host.strip().lower() for host in hosts))
    fields: dict[str, Any] = {"hosts": hosts, "sent_as": sent_as, "parameter": parameter}
    if problems := _problems(name, value, **fields):
        raise InvalidInput("This is no secret for tools.", errors=problems)
    with transaction():
        row = ToolSecret.objects.select_for_update().filter(tenant_id=tenant_id, name=name).first()
        if value is None:
            _check_kept(row, hosts)
        else:
            keep_secret(tenant_id=tenant_id, name=secret_name(name), value=value, at=at)
        before = {field: getattr(row, field) for field in fields} if row else {}
        kept, is_new = ToolSecret.objects.update_or_create(
            tenant_id=tenant_id,
            name=name,
            defaults={**fields, "updated_at": at},
            create_defaults={**fields, "created_at": at, "updated_at": at},
        )
        after = fields if value is None else {**fields, "value_set_at": at}
        verb = "added" if is_new else "changed"
        _record(tenant_id, verb, name, at, before=before, after=after)
    return kept, is_new


def delete_tool_secret(*, tenant_id: UUID, name: str, at: datetime) -> None:
    """From now on no tool is given it. Raises NotFound. Opens a transaction."""
    with transaction():
        row = ToolSecret.objects.filter(tenant_id=tenant_id, name=name).first()
        if row is None:
            raise NotFound(f"There is no tool secret {name}.")
        before = {"hosts": row.hosts, "sent_as": row.sent_as, "parameter": row.parameter}
        row.delete()
        drop_secret(tenant_id=tenant_id, name=secret_name(name))
        _record(tenant_id, "deleted", name, at, before=before)


def _check_kept(row: ToolSecret | None, hosts: list[str]) -> None:
    if row is None:
        raise InvalidInput("There is no value yet.", errors={"value": ["Give the value."]})
    if not set(hosts) <= set(row.hosts):
        # Whoever may not read the value must not have it sent elsewhere.
        raise InvalidInput(
            "The value is not sent to other hosts.",
            errors={"value": ["Give the value again with a new host."]},
        )


def _problems(
    name: str, value: str | None, *, hosts: list[str], sent_as: str, parameter: str
) -> dict[str, list[str]]:
    found = {
        "name": _name_problem(name),
        "value": _value_problem(value),
        "hosts": _hosts_problem(hosts),
        "sent_as": ""
        if sent_as in ToolSecret.SentAs
        else f"Choose one of {', '.join(ToolSecret.SentAs)}.",
        "parameter": _parameter_problem(sent_as, parameter),
    }
    return {field: [why] for field, why in found.items() if why}


def _name_problem(name: str) -> str:
    return "" if _NAME.fullmatch(name) else "Use 1 to 58 of a-z, 0-9, _ and -, a letter first."


def _value_problem(value: str | None) -> str:
    if value is None:
        return ""
    is_plain = value.isascii() and value.isprintable() and value == value.strip()
    if is_plain and SHORTEST <= len(value) <= MAX_VALUE:
        return ""
    return f"Give {SHORTEST} to {MAX_VALUE} printable ASCII characters, no space at the ends."


def _hosts_problem(hosts: list[str]) -> str:
    if not 1 <= len(hosts) <= MAX_HOSTS:
        return f"Name 1 to {MAX_HOSTS} hosts."
    try:
        for host in hosts:
            Binding.parse(host)
    except ValueError as error:
        return str(error)
    return ""


def _parameter_problem(sent_as: str, parameter: str) -> str:
    match sent_as:
        case ToolSecret.SentAs.BEARER if parameter:
            return "Leave it out for bearer."
        case ToolSecret.SentAs.HEADER:
            if not _HEADER.fullmatch(parameter) or parameter.lower() in _OWN_HEADERS:
                return "Give the name of the header, for example X-Api-Key."
        case ToolSecret.SentAs.QUERY if not _is_plain(parameter):
            return "Give the name of the query parameter, for example api_key."
        case ToolSecret.SentAs.BASIC if not _is_plain(parameter) or ":" in parameter:
            return "Give the user, without a colon."
    return ""


def _is_plain(text: str) -> bool:
    return 1 <= len(text) <= 100 and text.isascii() and text.isprintable()


def _record(tenant_id: UUID, verb: str, name: str, at: datetime, **values: Any) -> None:
    record_change(
        tenant_id=tenant_id,
        action=f"tool_secret.{verb}",
        target=("tool_secret", name),
        at=at,
        **values,
    )
