"""`manage.py set_budget SLUG --tokens N --usd AMOUNT`."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from agentplatform.core.clock import now
from agentplatform.core.command import PlatformCommand
from agentplatform.core.money import format_usd, parse_usd
from apps.tenants.facade import set_budget
from apps.tenants.management.commands.create_api_key import find_tenant
from apps.tenants.management.limit import read_limit


class Command(PlatformCommand):
    """Limits that are not named stay as they are; `none` takes a limit away."""

    help = "Set a tenant's monthly limits of tokens and USD."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="the tenant's slug")
        parser.add_argument("--tokens", help="tokens a month, or none")
        parser.add_argument("--usd", help="USD a month, for example 25 or 0.50, or none")

    def handle(self, *_args: Any, **options: Any) -> None:
        tenant = find_tenant(options["tenant"])
        if options["tokens"] is None and options["usd"] is None:
            raise CommandError("Name at least one of --tokens and --usd.")
        token_limit = read_limit(options["tokens"], tenant.token_budget_monthly, int)
        usd_limit = read_limit(options["usd"], tenant.usd_budget_monthly_nanos, parse_usd)
        set_budget(
            tenant_id=tenant.id, token_limit=token_limit, usd_limit_nanos=usd_limit, at=now()
        )
        usd = "no limit" if usd_limit is None else f"{format_usd(usd_limit)} USD"
        tokens = "no limit" if token_limit is None else f"{token_limit} tokens"
        self.stdout.write(f"{tenant.slug}: {tokens}, {usd} a month")
