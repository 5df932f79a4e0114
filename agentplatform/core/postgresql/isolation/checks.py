"""The weaknesses as Django's system checks: `manage.py check --database default`."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, register

from agentplatform.core.postgresql.isolation.start import find_own_weaknesses
from agentplatform.core.tenancy import ADMIN, APPLICATION


@register(Tags.database)
def check_isolation(
    *, databases: Sequence[str] | None = None, **_options: Any
) -> list[CheckMessage]:
    """Asked once, whichever of the two aliases is checked."""
    return find_own_weaknesses() if {APPLICATION, ADMIN} & set(databases or ()) else []
