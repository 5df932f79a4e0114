"""`manage.py set_budget SLUG [--user ADDRESS | --key PREFIX | --each-run] --tokens N --usd USD`."""

from typing import Any, cast

from django.core.management.base import CommandError, CommandParser

from agentplatform.core.clock import now
from agentplatform.core.command import PlatformCommand
from agentplatform.core.money import format_usd, parse_usd
from agentplatform.core.transactions import transaction
from apps.tenants.contracts import EACH_RUN, BudgetOwner, TenantSettings
from apps.tenants.facade import set_budget
from apps.tenants.management.commands.create_api_key import find_tenant
from apps.tenants.management.limit import read_limit
from apps.tenants.management.owner import find_key, find_user
from apps.tenants.models import Tenant
from apps.tenants.services.change_tenant import change_tenant
from apps.tenants.services.member_budget import (
    find_budget,
    remove_member_budget,
    set_member_budget,
)

Limits = tuple[int | None, int | None]


class Command(PlatformCommand):
    """Limits that are not named stay as they are; `none` takes a limit away."""

    help = "Set monthly limits of a tenant, a user or a key, or limits of each run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="the tenant's slug")
        owner = parser.add_mutually_exclusive_group()
        owner.add_argument("--user", metavar="ADDRESS", help="limits of this user")
        owner.add_argument("--key", metavar="PREFIX", help="limits of the key with this prefix")
        owner.add_argument("--each-run", action="store_true", help="limits of each new run")
        parser.add_argument("--tokens", help="tokens, or none")
        parser.add_argument("--usd", help="USD, for example 25 or 0.50, or none")
        parser.add_argument("--time-zone", help="whose months count for the tenant's budgets")
        parser.add_argument(
            "--warn-at", help="shares to warn at beside the soft limit: 0.5,0.9, or none"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        tenant = find_tenant(options["tenant"])
        settings, owner = _settings(options), _owner(tenant, options)
        has_limits = options["tokens"] is not None or options["usd"] is not None
        if not has_limits and not settings:
            raise CommandError("Name at least one of --tokens, --usd, --time-zone and --warn-at.")
        with transaction():
            if settings:
                tenant = change_tenant(tenant_id=tenant.id, changes=settings, at=now())
                told = ", ".join(f"{name} {value}" for name, value in settings.items())
                self.stdout.write(f"{tenant.slug}: {told}")
            if has_limits:
                self.stdout.write(_set_limits(tenant, owner, options))


def _set_limits(tenant: Tenant, owner: BudgetOwner | None, options: dict[str, Any]) -> str:
    held_tokens, held_usd = _held(tenant, owner)
    tokens = read_limit(options["tokens"], held_tokens, int)
    usd = read_limit(options["usd"], held_usd, parse_usd)
    limits: dict[str, Any] = {"tenant_id": tenant.id, "token_limit": tokens, "usd_limit_nanos": usd}
    if owner is None:
        set_budget(**limits, at=now())
    elif (tokens, usd) != (None, None):
        set_member_budget(**limits, owner=owner, at=now())
    elif find_budget(tenant_id=tenant.id, owner=owner):
        remove_member_budget(tenant_id=tenant.id, owner=owner, at=now())
    whose = f"{tenant.slug} {options['user'] or options['key'] or ''}".rstrip()
    span = "each run" if owner == EACH_RUN else "a month"
    return f"{whose}: {_told(tokens, 'tokens')}, {_told(format_usd(usd), 'USD')} {span}"


def _owner(tenant: Tenant, options: dict[str, Any]) -> BudgetOwner | None:
    if options["each_run"]:
        return EACH_RUN
    if address := options["user"]:
        return BudgetOwner(user_id=find_user(tenant, address).id)
    if prefix := options["key"]:
        return BudgetOwner(api_key_id=find_key(tenant, prefix).id)
    return None


def _held(tenant: Tenant, owner: BudgetOwner | None) -> Limits:
    if owner is None:
        return tenant.token_budget_monthly, tenant.usd_budget_monthly_nanos
    budget = find_budget(tenant_id=tenant.id, owner=owner)
    return (budget.token_limit, budget.usd_limit_nanos) if budget else (None, None)


def _settings(options: dict[str, Any]) -> TenantSettings:
    found: dict[str, Any] = {}
    if options["time_zone"] is not None:
        found["time_zone"] = options["time_zone"]
    if (text := options["warn_at"]) is not None:
        try:
            shares = [] if text.lower() == "none" else [float(one) for one in text.split(",")]
        except ValueError as error:
            raise CommandError(f"{text!r} are no shares; write 0.5,0.9, or none.") from error
        found["budget_thresholds"] = sorted(set(shares))
    return cast(TenantSettings, found)


def _told(limit: object, unit: str) -> str:
    return "no limit" if limit is None else f"{limit} {unit}"
