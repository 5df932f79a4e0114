"""Write down, once, what somebody should look at; log and count it."""

import json
from datetime import datetime
from typing import Any

import structlog

from agentplatform.core.json_values import clean_json, clean_text
from agentplatform.core.transactions import after_commit, scope_connection
from agentplatform.telemetry.metrics import ALERTS, tenant_label
from apps.tenants.contracts import NewAlert

log = structlog.get_logger("alerts")

_RAISE = "select raise_alert(%s, %s, %s, %s, %s::jsonb, %s)"


def raise_alert(alert: NewAlert, *, at: datetime) -> bool:
    """Whether it is new: the same occasion again changes nothing. Works in any scope, but in a
    tenant's for that tenant alone. Joins the caller's transaction if there is one."""
    subject, once_per = clean_text(alert.subject)[:255], clean_text(alert.once_per)
    details = json.dumps(clean_json(alert.details))
    with scope_connection().cursor() as cursor:
        cursor.execute(
            _RAISE,
            [alert.kind, alert.tenant_id, subject, once_per, details, at],
        )
        is_new = bool(cursor.fetchone()[0])
    if is_new:
        after_commit(_tell, alert=alert)
    return is_new


def _tell(alert: NewAlert) -> None:
    tenant = "" if alert.tenant_id is None else tenant_label(alert.tenant_id)
    ALERTS.labels(tenant_id=tenant, kind=alert.kind).inc()
    fields: dict[str, Any] = {**alert.details, "alert": alert.kind, "subject": alert.subject}
    if alert.tenant_id is not None:
        fields["tenant_id"] = str(alert.tenant_id)
    log.warning("alert.raised", **fields)
