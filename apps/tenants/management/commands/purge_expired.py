"""`manage.py purge_expired`: delete what tenants no longer keep."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser

from agentplatform.core.clock import now
from agentplatform.core.command import PlatformCommand
from agentplatform.dead_letters.purge_letters import expired_letters, purge_letters
from apps.tenants.management.commands.create_api_key import find_tenant
from apps.tenants.models import Tenant
from apps.tenants.services.purge_expired import count_expired, purge_expired

ALL_DAY = timedelta(days=1)


class Command(PlatformCommand):
    """What beat does every hour, at once and to the end."""

    help = "Purge runs and uploads that their tenants no longer keep, and old dead letters."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="Only this tenant.")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would go.")

    def handle(self, **options: Any) -> None:
        only = find_tenant(options["tenant"]) if options["tenant"] else None
        tenants = Tenant.objects.exclude(status="deleted").filter(retention_days__isnull=False)
        due = [
            (tenant, counts)
            for tenant in (tenants.filter(id=only.id) if only else tenants)
            if (counts := count_expired(tenant_id=tenant.id, at=now()))
        ]
        letters = 0 if only else expired_letters(at=now()).count()
        if letters and not options["dry_run"]:
            purge_letters(at=now())
        if not options["dry_run"]:
            purge_expired(clock=now, tenant_id=only.id if only else None, enough=ALL_DAY)
        verb = "would be purged" if options["dry_run"] else "purged"
        for tenant, counts in due:
            told = ", ".join(f"{count} {noun}" for noun, count in counts.items())
            self.stdout.write(f"{tenant.slug}: {told} {verb}")
        if letters:
            self.stdout.write(f"platform: {letters} dead letters {verb}")
        if not due and not letters:
            self.stdout.write("Nothing is older than it is kept.")
