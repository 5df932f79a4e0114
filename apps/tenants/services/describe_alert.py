"""An alert in words."""

from typing import Any

from agentplatform.core.money import format_usd
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
        return f"No provider answered a call of {told.get('model', alert.subject)}: {asked or '-'}."
    return f"{alert.subject} is not asked for now: too many attempts failed."


def amount_in_words(amount: int, unit: str) -> str:
    """With its unit."""
    return f"{format_usd(amount)} USD" if unit == "nanos" else f"{amount:,} tokens"


def _budget(told: dict[str, Any]) -> str:
    used, limit = (amount_in_words(told[name], told["unit"]) for name in ("used", "limit"))
    of = f"of {told['month'][:7]}" if told["month"] else "of the run"
    if told["threshold"] < 1:
        return f"{told['threshold']:.0%} of the {told['owner']}'s budget {of}: {used} of {limit}."
    return f"The {told['owner']}'s budget {of} has no room left: {used} of {limit} used."
