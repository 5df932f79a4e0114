"""The way out of one call."""

from uuid import UUID

from django.conf import settings

from apps.tools.egress.rules import Rule, parse_rules
from apps.tools.egress.session import Egress, EgressLimits
from apps.tools.models import EgressRule, ToolCall
from apps.tools.services.request_log import request_log


def find_way_out(call: ToolCall) -> Egress:
    """What the call may reach: the operator's hosts and the tenant's. Its requests are recorded."""
    platform = settings.PLATFORM
    return Egress(
        rules=rules_of_tenant(call.tenant_id),
        limits=EgressLimits(
            total_bytes=platform.egress_call_limit_bytes,
            requests_per_minute=platform.egress_requests_per_minute,
        ),
        record=request_log().recorder(call),
    )


def rules_of_tenant(tenant_id: UUID) -> tuple[Rule, ...]:
    """The operator's hosts and the tenant's."""
    platform = settings.PLATFORM
    own = _rules_of(tenant_id, from_staff_only=platform.egress_tenant_rules == "staff")
    return (*parse_rules(platform.egress_allowlist), *own)


def _rules_of(tenant_id: UUID, *, from_staff_only: bool) -> list[Rule]:
    rows = EgressRule.objects.filter(tenant_id=tenant_id)
    if from_staff_only:
        rows = rows.filter(is_from_staff=True)
    return [
        Rule(host=row.host, port=row.port, methods=frozenset(row.methods))
        for row in rows.order_by("id")
    ]
