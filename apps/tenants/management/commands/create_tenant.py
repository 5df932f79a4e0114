"""`manage.py create_tenant NAME`: a tenant and, if asked for, its first admin."""

import json
import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agentplatform.core.errors import PlatformError
from agentplatform.core.transactions import transaction
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_user


class Command(BaseCommand):
    help = "Create a tenant and, with --admin-email, its first admin."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="What people call the tenant.")
        parser.add_argument("--slug", help="Its short name in commands; made of NAME by default.")
        parser.add_argument("--admin-email", help="Create an admin who signs in with this address.")
        parser.add_argument("--admin-password", help="By default one is generated and shown once.")
        parser.add_argument(
            "--platform-staff",
            action="store_true",
            help="The admin may also sign in to /admin/, where every tenant is seen.",
        )
        parser.add_argument("--token-budget", type=int, help="Tokens a month; no limit by default.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, **options: Any) -> None:
        try:
            with transaction():
                made = _create(options)
        except PlatformError as error:
            raise CommandError(describe(error)) from error
        self.stdout.write(json.dumps(made) if options["json"] else _sentences(made))


def _create(options: dict[str, Any]) -> dict[str, Any]:
    tenant = create_tenant(
        name=options["name"], slug=options["slug"], token_budget=options["token_budget"]
    )
    made: dict[str, Any] = {"tenant_id": str(tenant.id), "slug": tenant.slug, "name": tenant.name}
    if options["admin_email"]:
        password = options["admin_password"] or secrets.token_urlsafe(15)
        admin = create_user(
            tenant_id=tenant.id,
            email=options["admin_email"],
            password=password,
            role="admin",
            is_platform_staff=options["platform_staff"],
        )
        made["admin"] = {"user_id": str(admin.id), "email": admin.email, "password": password}
    return made


def _sentences(made: dict[str, Any]) -> str:
    lines = [f"Tenant {made['slug']} ({made['tenant_id']}) is ready."]
    if "admin" in made:
        lines.append("Its admin, shown once: {email} / {password}".format(**made["admin"]))
    return "\n".join(lines)


def describe(error: PlatformError) -> str:
    """What went wrong, with the fields."""
    fields = [f"{name}: {' '.join(map(str, why))}" for name, why in error.errors.items()]
    return "\n".join([error.detail, *fields])
