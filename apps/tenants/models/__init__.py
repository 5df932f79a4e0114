from apps.tenants.models.alert import Alert
from apps.tenants.models.api_key import ApiKey
from apps.tenants.models.audit_entry import AuditEntry
from apps.tenants.models.budget import Budget
from apps.tenants.models.money import Account, LedgerEntry, Reservation
from apps.tenants.models.rate_limit import RateLimit
from apps.tenants.models.secret import Secret
from apps.tenants.models.tenant import Tenant
from apps.tenants.models.user import User

__all__ = [
    "Account",
    "Alert",
    "ApiKey",
    "AuditEntry",
    "Budget",
    "LedgerEntry",
    "RateLimit",
    "Reservation",
    "Secret",
    "Tenant",
    "User",
]
