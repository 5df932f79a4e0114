"""`manage.py set_caps SLUG --runs N --calls N`."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from agentplatform.core.clock import now
from agentplatform.core.command import PlatformCommand
from apps.tenants.contracts import Caps
from apps.tenants.management.commands.create_api_key import find_tenant
from apps.tenants.management.limit import read_limit
from apps.tenants.services.set_caps import set_caps


class Command(PlatformCommand):
    """Caps that are not named stay as they are; `none` takes a cap away."""

    help = "Set how many runs and calls of a tenant may be in flight."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="the tenant's slug")
        parser.add_argument("--runs", help="runs at work at the same time, or none")
        parser.add_argument("--calls", help="model and tool calls at the same time, or none")

    def handle(self, *_args: Any, **options: Any) -> None:
        tenant = find_tenant(options["tenant"])
        if options["runs"] is None and options["calls"] is None:
            raise CommandError("Name at least one of --runs and --calls.")
        caps = Caps(
            runs=read_limit(options["runs"], tenant.max_runs_in_flight, int),
            calls=read_limit(options["calls"], tenant.max_calls_in_flight, int),
        )
        set_caps(tenant_id=tenant.id, caps=caps, at=now())
        runs = "any number of runs" if caps.runs is None else f"{caps.runs} runs"
        calls = "any number of calls" if caps.calls is None else f"{caps.calls} calls"
        self.stdout.write(f"{tenant.slug}: {runs}, {calls} in flight")
