"""`manage.py export_audit [SLUG]`: who changed what, as JSON lines."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser

from agentplatform.core.command import PlatformCommand
from apps.tenants.contracts import AuditFilter
from apps.tenants.facade import tenant_of_slug
from apps.tenants.services.export_audit import export_audit


class Command(PlatformCommand):
    help = "Write the audit of a tenant, or of all and the platform, one JSON object a line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", nargs="?", help="The tenant's slug; every tenant by default.")
        parser.add_argument("--since", metavar="TIME", help="From this time, in RFC 3339.")
        parser.add_argument("--until", metavar="TIME", help="Before this time, in RFC 3339.")

    def handle(self, **options: Any) -> None:
        wanted = AuditFilter(since=_time(options["since"]), until=_time(options["until"]))
        slug = options["tenant"]
        tenant_id = tenant_of_slug(slug) if slug else None
        for lines in export_audit(tenant_id=tenant_id, wanted=wanted):
            self.stdout.write(lines.decode(), ending="")


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(
            f"{text!r} is no time; write 2026-11-23 or 2026-11-23T12:00Z."
        ) from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)
