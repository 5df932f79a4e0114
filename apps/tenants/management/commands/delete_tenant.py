"""`manage.py delete_tenant SLUG`: end a tenant for good."""

from typing import Any

from django.core.management.base import CommandParser

from agentplatform.core.clock import now
from agentplatform.core.command import PlatformCommand
from apps.tenants.management.commands.create_api_key import find_tenant
from apps.tenants.services.delete_tenant import delete_tenant


class Command(PlatformCommand):
    help = "Delete a tenant and purge its data. The ledger and the audit stay. No way back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="The tenant's slug.")
        parser.add_argument("--reason", default="", help="What the audit says about why.")
        parser.add_argument(
            "--yes-delete", metavar="SLUG", help="The slug once more; otherwise it is asked for."
        )

    def handle(self, **options: Any) -> None:
        tenant = find_tenant(options["tenant"])
        typed = options["yes_delete"]
        if typed is None:
            self.stdout.write(
                f"This deletes {tenant.name} with its users, keys, tasks, runs and files for good."
            )
            typed = _ask("Type its slug to go on: ")
        delete_tenant(
            tenant_id=tenant.id, confirm_slug=typed.strip(), reason=options["reason"], at=now()
        )
        self.stdout.write(f"{tenant.slug} is deleted; its data is being purged.")


def _ask(question: str) -> str:
    try:
        return input(question)
    except EOFError:  # nobody is there to type
        return ""
