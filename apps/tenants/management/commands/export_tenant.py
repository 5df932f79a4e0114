"""`manage.py export_tenant SLUG`: all of a tenant's data in one archive."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from agentplatform.core.clock import now
from agentplatform.core.command import PlatformCommand
from agentplatform.core.errors import InvalidInput
from apps.tenants.models import Tenant
from apps.tenants.services.export_tenant import MISSING, export_tenant


class Command(PlatformCommand):
    help = "Write a tenant's rows and files into a .tar.gz; no secrets. Also before it is purged."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="The tenant's slug, or the id of a deleted one.")
        parser.add_argument("--to", type=Path, help="The file; SLUG.tar.gz by default.")

    def handle(self, **options: Any) -> None:
        tenant = _find(options["tenant"])
        target = options["to"] or Path(f"{tenant.slug}.tar.gz")
        try:
            counts = dict(export_tenant(tenant_id=tenant.id, target=target, at=now()))
        except OSError as error:
            raise CommandError(f"{target} cannot be written: {error}") from error
        missing = counts.pop(MISSING, 0)
        total = sum(counts.values()) - (files := counts.get("files", 0))
        self.stdout.write(f"{target}: {total} rows and {files} files of {tenant.slug}.")
        if missing:
            self.stderr.write(f"The content of {missing} artifacts is no longer stored.")


def _find(name: str) -> Tenant:
    """By slug the tenant that has it now, or else the last one that had it."""
    tenants = Tenant.objects.order_by("-created_at")
    live = tenants.filter(slug=name).exclude(status=Tenant.Status.DELETED)
    found = live.first() or tenants.filter(slug=name).first() or _by_id(name)
    if found is None:
        raise InvalidInput(f"There is no tenant {name!r}.")
    return found


def _by_id(name: str) -> Tenant | None:
    try:
        return Tenant.objects.filter(id=UUID(name)).first()
    except ValueError:
        return None
