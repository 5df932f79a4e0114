"""`manage.py create_tenant NAME`: a tenant and, if asked for, its first admin with a key."""

import json
from typing import Any

from django.core.management.base import CommandParser

from agentplatform.core.clock import now
from agentplatform.core.command import PlatformCommand
from agentplatform.core.transactions import transaction
from apps.tenants.services.create_first_admin import create_first_admin
from apps.tenants.services.create_tenant import create_tenant


class Command(PlatformCommand):
    help = "Create a tenant and, with --admin-email, its first admin and a key of that admin."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="What people call the tenant.")
        parser.add_argument("--slug", help="Its short name in commands; made of NAME by default.")
        parser.add_argument("--admin-email", help="Create an admin with this address and a key.")
        parser.add_argument("--token-budget", type=int, help="Tokens a month; no limit by default.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, **options: Any) -> None:
        with transaction():
            made = _create(options)
        self.stdout.write(json.dumps(made) if options["json"] else _sentences(made))


def _create(options: dict[str, Any]) -> dict[str, Any]:
    at = now()
    tenant = create_tenant(
        name=options["name"], slug=options["slug"], token_budget=options["token_budget"], at=at
    )
    made: dict[str, Any] = {"tenant_id": str(tenant.id), "slug": tenant.slug, "name": tenant.name}
    if options["admin_email"]:
        admin, key = create_first_admin(tenant_id=tenant.id, email=options["admin_email"], at=at)
        made["admin"] = {"user_id": str(admin.id), "email": admin.email, "api_key": key.secret}
    return made


def _sentences(made: dict[str, Any]) -> str:
    lines = [f"Tenant {made['slug']} ({made['tenant_id']}) is ready."]
    if "admin" in made:
        lines.append("Its admin {email} has a key, shown once: {api_key}".format(**made["admin"]))
    return "\n".join(lines)
