"""`manage.py create_api_key TENANT`: a key for a tenant, shown once."""

import json
from typing import Any

from django.core.management.base import CommandParser

from agentplatform.core.clock import now
from agentplatform.core.command import PlatformCommand
from agentplatform.core.errors import InvalidInput
from agentplatform.core.transactions import transaction
from apps.tenants.contracts import NewApiKey
from apps.tenants.models import Tenant, User
from apps.tenants.services.create_api_key import DEFAULT_SCOPES, create_api_key
from apps.tenants.services.revoke_api_key import revoke_api_key
from apps.tenants.states import RIGHTS_OF_TENANTS


class Command(PlatformCommand):
    help = "Create an API key of a tenant and show it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="The tenant's slug.")
        parser.add_argument("--name", default="default", help="What the key is for.")
        parser.add_argument(
            "--scopes",
            nargs="+",
            choices=RIGHTS_OF_TENANTS,
            default=list(DEFAULT_SCOPES),
            help="What it may do.",
        )
        parser.add_argument("--user", metavar="EMAIL", help="The user it belongs to.")
        parser.add_argument(
            "--replace",
            action="store_true",
            help="Revoke the live key of this name first.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, **options: Any) -> None:
        with transaction():
            key = _create(options)
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "api_key_id": str(key.api_key_id),
                        "prefix": key.prefix,
                        "tenant": options["tenant"],
                        "scopes": list(options["scopes"]),
                        "api_key": key.secret,
                    }
                )
            )
        else:
            self.stdout.write(f"{key.secret}\nKeep it: it is not shown again.")


def _create(options: dict[str, Any]) -> NewApiKey:
    at = now()
    tenant = find_tenant(options["tenant"])
    if options["replace"]:
        for live in tenant.api_keys.filter(name=options["name"], revoked_at__isnull=True):
            revoke_api_key(tenant_id=tenant.id, api_key_id=live.id, at=at)
    return create_api_key(
        tenant_id=tenant.id,
        name=options["name"],
        scopes=options["scopes"],
        user_id=_user(tenant, options["user"]).id if options["user"] else None,
        at=at,
    )


def find_tenant(slug: str) -> Tenant:
    """The tenant that is not deleted. Raises InvalidInput."""
    tenant = Tenant.objects.filter(slug=slug).exclude(status="deleted").first()
    if tenant is None:
        raise InvalidInput(f"There is no tenant with the slug {slug!r}.")
    return tenant


def _user(tenant: Tenant, email: str) -> User:
    user = tenant.users.filter(email=User.objects.normalize_email(email)).first()
    if user is None:
        raise InvalidInput(f"The tenant {tenant.slug} has no user with the address {email!r}.")
    return user
