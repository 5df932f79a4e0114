"""Users and keys as commands name them."""

from django.core.management.base import CommandError

from apps.tenants.models import ApiKey, Tenant, User


def find_user(tenant: Tenant, address: str) -> User:
    """Raises CommandError for nobody of the tenant."""
    email = User.objects.normalize_email(address)
    user = User.objects.filter(tenant=tenant, email=email).first()
    if user is None:
        raise CommandError(f"{tenant.slug} has no user {address}.")
    return user


def find_key(tenant: Tenant, prefix: str) -> ApiKey:
    """Raises CommandError for no key of the tenant."""
    key = ApiKey.objects.filter(tenant=tenant, prefix=prefix).first()
    if key is None:
        raise CommandError(f"{tenant.slug} has no key with the prefix {prefix}.")
    return key
