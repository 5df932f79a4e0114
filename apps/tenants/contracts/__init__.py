"""Values and errors that cross the border of tenants."""

from apps.tenants.contracts.accounts import (
    EACH_RUN,
    AccountKind,
    AccountRoom,
    BudgetOwner,
    BudgetUse,
    Spending,
    Unit,
    WrongAccount,
)
from apps.tenants.contracts.alerts import AlertFilter, AlertKind, NewAlert
from apps.tenants.contracts.audit import AuditFilter
from apps.tenants.contracts.booking import (
    Admission,
    BookingUnavailable,
    Charge,
    ExpiredReservation,
    Settlement,
)
from apps.tenants.contracts.holdings import Counts, Exported, ExportedFile, ExportedRows, Holdings
from apps.tenants.contracts.identity import (
    IdentityUnavailable,
    InvalidCredentials,
    NewApiKey,
    Principal,
    Right,
    Role,
    VerifiedToken,
)
from apps.tenants.contracts.rates import (
    EACH_USER,
    OWN_RATE,
    Caller,
    OwnedRate,
    Rate,
    RateAlgorithm,
    RateKind,
    RateOwner,
    Rates,
)
from apps.tenants.contracts.tenant import Caps, TenantInactive, TenantSettings

__all__ = [
    "EACH_RUN",
    "EACH_USER",
    "OWN_RATE",
    "AccountKind",
    "AccountRoom",
    "Admission",
    "AlertFilter",
    "AlertKind",
    "AuditFilter",
    "BookingUnavailable",
    "BudgetOwner",
    "BudgetUse",
    "Caller",
    "Caps",
    "Charge",
    "Counts",
    "ExpiredReservation",
    "Exported",
    "ExportedFile",
    "ExportedRows",
    "Holdings",
    "IdentityUnavailable",
    "InvalidCredentials",
    "NewAlert",
    "NewApiKey",
    "OwnedRate",
    "Principal",
    "Rate",
    "RateAlgorithm",
    "RateKind",
    "RateOwner",
    "Rates",
    "Right",
    "Role",
    "Settlement",
    "Spending",
    "TenantInactive",
    "TenantSettings",
    "Unit",
    "VerifiedToken",
    "WrongAccount",
]
