"""Which hosts, beside the operator's, the tool calls of a tenant may reach."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from agentplatform.core.actor import current_actor
from agentplatform.core.errors import Conflict, InvalidInput, NotFound
from agentplatform.core.transactions import transaction
from apps.tenants.facade import record_change
from apps.tools.egress.rules import BadRule, make_rule
from apps.tools.models import EgressRule

MAX_RULES: Final = 200


def add_egress_rule(
    *,
    tenant_id: UUID,
    host: str,
    port: int | None = None,
    methods: Sequence[str] = (),
    at: datetime,
) -> EgressRule:
    """Let the tenant's calls reach a host, or every subdomain of `*.host`; from the next call on.

    Raises InvalidInput, which names the part that is wrong, and Conflict when there is such a rule,
    beyond MAX_RULES, or where only staff may add rules. Opens a transaction.
    """
    is_from_staff = current_actor().kind in {"staff", "command"}
    if not is_from_staff and settings.PLATFORM.egress_tenant_rules == "staff":
        raise Conflict("Only the platform's staff adds egress rules here; ask them for this host.")
    try:
        rule = make_rule(host=host, port=port, methods=methods, is_operators=is_from_staff)
    except BadRule as error:
        raise InvalidInput("This is no rule.", errors={error.part: [str(error)]}) from error
    values = {"host": rule.host, "port": rule.port, "methods": sorted(rule.methods)}
    with transaction():
        rows = EgressRule.objects.filter(tenant_id=tenant_id)
        if rows.count() >= MAX_RULES:
            raise Conflict(f"A tenant has up to {MAX_RULES} egress rules; delete one first.")
        row, is_new = EgressRule.objects.get_or_create(
            tenant_id=tenant_id, **values, is_from_staff=is_from_staff, defaults={"created_at": at}
        )
        if not is_new:
            raise Conflict(f"There is an egress rule for {rule} already.")
        _record(tenant_id, "added", row, at, after=values)
    return row


def delete_egress_rule(*, tenant_id: UUID, rule_id: UUID, at: datetime) -> None:
    """From the next call on the rule does not hold. Who is not of the platform's staff deletes no
    rule of theirs. Raises NotFound, Conflict. Opens a transaction."""
    with transaction():
        row = EgressRule.objects.filter(tenant_id=tenant_id, id=rule_id).first()
        if row is None:
            raise NotFound(f"There is no egress rule {rule_id}.")
        if row.is_from_staff and current_actor().kind not in {"staff", "command"}:
            raise Conflict("The platform's staff has added this rule; ask them to delete it.")
        before = {"host": row.host, "port": row.port, "methods": row.methods}
        _record(tenant_id, "deleted", row, at, before=before)
        row.delete()


def _record(tenant_id: UUID, verb: str, row: EgressRule, at: datetime, **values: Any) -> None:
    record_change(
        tenant_id=tenant_id,
        action=f"egress_rule.{verb}",
        target=("egress_rule", row.id),
        at=at,
        **values,
    )
