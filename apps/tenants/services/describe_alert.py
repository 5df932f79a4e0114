"""An alert in words."""

from typing import Any

from agentplatform.core.money import short_usd
from apps.tenants.models import Alert


def describe_alert(alert: Alert) -> str:
    """One sentence for people."""
    told = alert.details
    if alert.kind.startswith("budget"):
        return _budget(told)
    if alert.kind == "providers_failed":
        asked = ", ".join(
            f"{one['provider']}:{one['model']} ({one['error_code']})"
            for one in told.get("attempts", ())
        )
        why = asked or told.get("reason") or "-"
        return f"No provider answered a call of {told.get('model', alert.subject)}: {why}."
    return f"{alert.subject} is not asked for now: too many attempts failed."


def _budget(told: dict[str, Any]) -> str:
    is_usd = told["unit"] == "nanos"
    words = short_usd if is_usd else "{:,}".format
    use = f"{words(told['used'])} of {words(told['limit'])} {'USD' if is_usd else 'tokens'} used"
    month = f" of {told['month'][:7]}" if told["month"] else ""
    budget = f"{told['owner']}'s budget{month}"
    if told["threshold"] < 1:
        return f"{told['threshold']:.0%} of the {budget}: {use}."
    return f"The {budget} has no room left: {use}."
