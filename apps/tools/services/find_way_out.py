"""The way out of one call, and of a listing that belongs to none."""

from collections.abc import Callable
from uuid import UUID

from django.conf import settings

from agentplatform.settings.private_ranges import parse_ranges
from apps.tools.egress.rules import Rule, parse_rules
from apps.tools.egress.session import Egress, EgressLimits, EgressRequest
from apps.tools.models import EgressRule, ToolCall
from apps.tools.services.request_log import request_log


def find_way_out(call: ToolCall) -> Egress:
    """What the call may reach. Its requests are recorded."""
    return way_out_of_tenant(call.tenant_id, record=request_log().recorder(call))


def way_out_of_tenant(tenant_id: UUID, *, record: Callable[[EgressRequest], None]) -> Egress:
    """What any call of the tenant may reach: the operator's hosts and the tenant's."""
    platform = settings.PLATFORM
    return Egress(
        rules=_rules_of_tenant(tenant_id),
        private=parse_ranges(platform.egress_private_addresses),
        limits=EgressLimits(
            total_bytes=platform.egress_call_limit_bytes,
            requests_per_minute=platform.egress_requests_per_minute,
        ),
        record=record,
    )


def _rules_of_tenant(tenant_id: UUID) -> tuple[Rule, ...]:
    platform = settings.PLATFORM
    own = _rules_of(tenant_id, from_staff_only=platform.egress_tenant_rules == "staff")
    return (*parse_rules(platform.egress_allowlist), *own)


def _rules_of(tenant_id: UUID, *, from_staff_only: bool) -> list[Rule]:
    rows = EgressRule.objects.filter(tenant_id=tenant_id)
    if from_staff_only:
        rows = rows.filter(is_from_staff=True)
    return [
        Rule(
            host=row.host,
            port=row.port,
            methods=frozenset(row.methods),
            is_operators=row.is_from_staff,
        )
        for row in rows.order_by("id")
    ]
