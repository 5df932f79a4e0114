"""`manage.py create_api_key TENANT`: a key for a tenant, shown once."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agentplatform.core.clock import now
from agentplatform.core.errors import InvalidInput, PlatformError
from agentplatform.core.transactions import transaction
from apps.tenants.contracts import NewApiKey
from apps.tenants.management.commands.create_tenant import describe
from apps.tenants.models import Tenant, User
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.revoke_api_key import revoke_api_key
from apps.tenants.states import ROLES


class Command(BaseCommand):
    help = "Create an API key of a tenant and show it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="The tenant's slug.")
        parser.add_argument("--name", default="default", help="What the key is for.")
        parser.add_argument("--role", choices=ROLES, default="member", help="What it may do.")
        parser.add_argument("--user", metavar="EMAIL", help="The user it belongs to.")
        parser.add_argument(
            "--replace",
            action="store_true",
            help="Revoke the live key of this name first.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, **options: Any) -> None:
        try:
            with transaction():
                key = _create(options)
        except PlatformError as error:
            raise CommandError(describe(error)) from error
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "api_key_id": str(key.api_key_id),
                        "prefix": key.prefix,
                        "tenant": options["tenant"],
                        "role": options["role"],
                        "api_key": key.secret,
                    }
                )
            )
        else:
            self.stdout.write(f"{key.secret}\nKeep it: it is not shown again.")


def _create(options: dict[str, Any]) -> NewApiKey:
    tenant = Tenant.objects.filter(slug=options["tenant"]).first()
    if tenant is None:
        raise InvalidInput(f"There is no tenant with the slug {options['tenant']!r}.")
    if options["replace"]:
        for live in tenant.api_keys.filter(name=options["name"], revoked_at__isnull=True):
            revoke_api_key(tenant_id=tenant.id, api_key_id=live.id, at=now())
    return create_api_key(
        tenant_id=tenant.id,
        name=options["name"],
        role=options["role"],
        user_id=_user(tenant, options["user"]).id if options["user"] else None,
    )


def _user(tenant: Tenant, email: str) -> User:
    user = tenant.users.filter(email=User.objects.normalize_email(email)).first()
    if user is None:
        raise InvalidInput(f"The tenant {tenant.slug} has no user with the address {email!r}.")
    return user
