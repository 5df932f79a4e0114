"""`manage.py suspend_tenant SLUG`: stop a tenant for the time being."""

from typing import Any

from django.core.management.base import CommandParser

from agentplatform.core.clock import now
from agentplatform.core.command import PlatformCommand
from apps.tenants.management.commands.create_api_key import find_tenant
from apps.tenants.services.suspend_tenant import suspend_tenant


class Command(PlatformCommand):
    help = "Refuse new work of a tenant and cancel what runs. Nothing is lost: see resume_tenant."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="The tenant's slug.")
        parser.add_argument("--reason", default="", help="What the audit says about why.")

    def handle(self, **options: Any) -> None:
        tenant = find_tenant(options["tenant"])
        suspend_tenant(tenant_id=tenant.id, reason=options["reason"], at=now())
        self.stdout.write(f"{tenant.slug} is suspended; what runs is being cancelled.")
