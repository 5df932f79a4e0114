"""A tenant's secret as a runner sends it."""

from typing import cast
from uuid import UUID

import structlog

from agentplatform.core.encryption import CannotDecrypt
from agentplatform.core.errors import NotFound
from apps.tenants.facade import reveal_secret
from apps.tools.models import ToolSecret
from apps.tools.runners.secret import Binding, Secret, SentAs
from apps.tools.runners.work import ToolFailure

log = structlog.get_logger("tools")


def find_tool_secret(*, tenant_id: UUID, name: str) -> Secret:
    """The secret, in the scope that is open.

    Raises NotFound, which tells a model of no other secret, and ToolFailure for one that cannot be
    read.
    """
    row = ToolSecret.objects.filter(tenant_id=tenant_id, name=name).first()
    if row is None:
        raise NotFound(f"There is no secret {name[:100]!r} for tools; an administrator may add it.")
    try:
        value = reveal_secret(tenant_id=tenant_id, name=secret_name(name))
    except (NotFound, CannotDecrypt) as error:
        log.error("tool.secret_unreadable", tenant_id=str(tenant_id), name=name, error=str(error))
        raise ToolFailure(
            "secret_unavailable",
            f"The secret {name!r} cannot be read; an administrator may set its value again.",
        ) from error
    return Secret(
        name=name,
        value=value,
        sent_as=cast(SentAs, row.sent_as),
        parameter=row.parameter,
        bindings=tuple(Binding.parse(host) for host in row.hosts),
    )


def secret_name(name: str) -> str:
    """The tenant's secret that holds its value."""
    return f"tool-{name}"
