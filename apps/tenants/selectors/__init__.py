"""What is read of tenants, their money and their logs."""

from apps.tenants.selectors.alerts import alerts_of
from apps.tenants.selectors.audit import AUDIT_FIELDS, audit_entries
from apps.tenants.selectors.budgets import (
    budget_use,
    budgets_of,
    period_of,
    with_budget_use,
    with_month_use,
)
from apps.tenants.selectors.spenders import (
    SPENDING,
    Spender,
    spender_names,
    spending,
    spending_arguments,
    spending_of,
)
from apps.tenants.selectors.tenants import caps_of_active, tenant_of_slug, time_zone_of

__all__ = [
    "AUDIT_FIELDS",
    "SPENDING",
    "Spender",
    "alerts_of",
    "audit_entries",
    "budget_use",
    "budgets_of",
    "caps_of_active",
    "period_of",
    "spender_names",
    "spending",
    "spending_arguments",
    "spending_of",
    "tenant_of_slug",
    "time_zone_of",
    "with_budget_use",
    "with_month_use",
]
