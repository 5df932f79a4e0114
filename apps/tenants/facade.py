"""The door of tenants: who asks, and whether they may."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from agentplatform.core.clock import now
from agentplatform.core.connections import brief_connection
from apps.tenants.contracts import IdentityUnavailable, InvalidCredentials, Principal, Right
from apps.tenants.selectors import budget_use as budget_use
from apps.tenants.selectors import caps_of_active as caps_of_active
from apps.tenants.selectors import spender_names as spender_names
from apps.tenants.selectors import tenant_of_slug as tenant_of_slug
from apps.tenants.selectors import time_zone_of as time_zone_of
from apps.tenants.services.audit_ledger import charges_of as charges_of
from apps.tenants.services.audit_ledger import every_charge as every_charge
from apps.tenants.services.audit_ledger import find_wrong_accounts as find_wrong_accounts
from apps.tenants.services.audit_ledger import unconfirmed_charges as unconfirmed_charges
from apps.tenants.services.authenticate import authenticate as authenticate
from apps.tenants.services.authenticate import is_token as is_token
from apps.tenants.services.authenticate import known_principal as known_principal
from apps.tenants.services.book import book_statement as book_statement
from apps.tenants.services.book import settle as settle
from apps.tenants.services.budget_alert import budget_details as budget_details
from apps.tenants.services.correct_charge import correct_charge as correct_charge
from apps.tenants.services.delete_secret import delete_secret as delete_secret
from apps.tenants.services.expire_reservations import expire_reservations as expire_reservations
from apps.tenants.services.holdings import register_holdings as register_holdings
from apps.tenants.services.keep_secret import drop_secret as drop_secret
from apps.tenants.services.keep_secret import keep_secret as keep_secret
from apps.tenants.services.key_reader import KeyReader as KeyReader
from apps.tenants.services.open_account import open_run_account as open_run_account
from apps.tenants.services.raise_alert import raise_alert as raise_alert
from apps.tenants.services.rates import RateBook as RateBook
from apps.tenants.services.record_change import record_addition_in as record_addition_in
from apps.tenants.services.record_change import record_change as record_change
from apps.tenants.services.require_active_tenant import STATUS_OF as STATUS_OF
from apps.tenants.services.require_active_tenant import (
    keep_tenant_active as keep_tenant_active,
)
from apps.tenants.services.require_active_tenant import require_active as require_active
from apps.tenants.services.require_active_tenant import (
    require_active_tenant as require_active_tenant,
)
from apps.tenants.services.reveal_secret import reveal_secret as reveal_secret
from apps.tenants.services.rooms import Rooms as Rooms
from apps.tenants.services.set_budget import set_budget as set_budget
from apps.tenants.services.set_secret import set_secret as set_secret
from apps.tenants.services.tell_refusal import tell_refusal as tell_refusal
from apps.tenants.services.watch_budgets import budget_alerts_of_runs as budget_alerts_of_runs

if TYPE_CHECKING:
    from rest_framework.request import Request


def principal_of(request: "Request") -> Principal:
    """Who made an authenticated API request."""
    principal = request.user.principal  # type: ignore[union-attr]
    assert isinstance(principal, Principal)
    return principal


def credential_check(request: "Request") -> Callable[[], bool]:
    """Whether the credential of an authenticated API request is good, each time it is asked: for
    an answer that goes on longer than a moment."""
    raw = request.headers.get("Authorization", "").partition(" ")[2].strip()

    def is_good() -> bool:
        try:
            with brief_connection():
                authenticate(raw=raw, at=now())
        except (InvalidCredentials, IdentityUnavailable):
            return False
        return True

    return is_good


def may(principal: Principal, right: Right) -> bool:
    """Whether `principal` holds `right`."""
    return right in principal.rights
