"""`manage.py resume_tenant SLUG`: let a suspended tenant work again."""

from typing import Any

from django.core.management.base import CommandParser

from agentplatform.core.clock import now
from agentplatform.core.command import PlatformCommand
from apps.tenants.management.commands.create_api_key import find_tenant
from apps.tenants.services.resume_tenant import resume_tenant


class Command(PlatformCommand):
    help = "Take new work of a suspended tenant again. What was cancelled stays cancelled."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="The tenant's slug.")

    def handle(self, **options: Any) -> None:
        tenant = find_tenant(options["tenant"])
        resume_tenant(tenant_id=tenant.id, at=now())
        self.stdout.write(f"{tenant.slug} is active.")
