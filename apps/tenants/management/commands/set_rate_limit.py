"""`manage.py set_rate_limit SLUG [--user ADDRESS | --key PREFIX | --each-user] --requests N`."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from agentplatform.core.clock import now
from agentplatform.core.command import PlatformCommand
from apps.tenants.contracts import EACH_USER, OWN_RATE, Rate, RateOwner
from apps.tenants.management.commands.create_api_key import find_tenant
from apps.tenants.management.limit import read_limit
from apps.tenants.management.owner import find_key, find_user
from apps.tenants.models import RateLimit, Tenant
from apps.tenants.services.rate_limit import (
    find_rate_limit,
    rate_of,
    remove_rate_limit,
    set_rate_limit,
)
from apps.tenants.services.rates import default_rate


class Command(PlatformCommand):
    """What is not named stays as it is, the platform's default too; `none` takes a limit away."""

    help = "Set how many model calls and tokens a minute a tenant, a user or a key may have."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="the tenant's slug")
        owner = parser.add_mutually_exclusive_group()
        owner.add_argument("--user", metavar="ADDRESS", help="the limit of this user")
        owner.add_argument("--key", metavar="PREFIX", help="that of the key with this prefix")
        owner.add_argument(
            "--each-user", action="store_true", help="that of each user without one of their own"
        )
        parser.add_argument("--requests", help="model calls a minute, or none")
        parser.add_argument("--tokens", help="tokens a minute, or none")
        parser.add_argument("--algorithm", choices=RateLimit.Algorithm.values)
        parser.add_argument(
            "--default", action="store_true", help="forget it: the platform's default holds again"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        tenant = find_tenant(options["tenant"])
        owner = _owner(tenant, options)
        whose = f"{tenant.slug} {options['user'] or options['key'] or ''}".rstrip()
        whose += " each user" if options["each_user"] else ""
        named = [options[name] for name in ("requests", "tokens", "algorithm")]
        if options["default"]:
            if any(named):
                raise CommandError("Name --default alone, or what is to be set.")
            remove_rate_limit(tenant_id=tenant.id, owner=owner, at=now())
            self.stdout.write(f"{whose}: the platform's default")
            return
        if not any(named):
            raise CommandError("Name at least one of --requests, --tokens and --algorithm.")
        rate = _rate(tenant, owner, options)
        set_rate_limit(tenant_id=tenant.id, owner=owner, rate=rate, at=now())
        self.stdout.write(f"{whose}: {_told(rate)}")


def _rate(tenant: Tenant, owner: RateOwner, options: dict[str, Any]) -> Rate:
    limit = find_rate_limit(tenant_id=tenant.id, owner=owner)
    held = rate_of(limit) if limit else default_rate(owner)
    return Rate(
        requests_per_minute=read_limit(options["requests"], held.requests_per_minute, int),
        tokens_per_minute=read_limit(options["tokens"], held.tokens_per_minute, int),
        algorithm=options["algorithm"] or held.algorithm,
    )


def _owner(tenant: Tenant, options: dict[str, Any]) -> RateOwner:
    if options["each_user"]:
        return EACH_USER
    if address := options["user"]:
        return RateOwner(user_id=find_user(tenant, address).id)
    if prefix := options["key"]:
        return RateOwner(api_key_id=find_key(tenant, prefix).id)
    return OWN_RATE


def _told(rate: Rate) -> str:
    limits = ((rate.requests_per_minute, "requests"), (rate.tokens_per_minute, "tokens"))
    told = [f"any number of {unit}" if one is None else f"{one} {unit}" for one, unit in limits]
    return f"{', '.join(told)} a minute, {rate.algorithm.replace('_', ' ')}"
