"""A tenant's own account with a provider."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from agentplatform.core.errors import InvalidInput, NotFound
from agentplatform.core.transactions import transaction
from agentplatform.settings.model_routes import MAX_MODEL
from apps.gateway.models import ProviderKey
from apps.gateway.services.own_keys import secret_name, url_problem
from apps.tenants.facade import drop_secret, keep_secret, record_change

MAX_KEY = 1024


def set_provider_key(
    *,
    tenant_id: UUID,
    provider: str,
    api_key: str | None,
    base_url: str = "",
    default_model: str = "",
    at: datetime,
) -> tuple[ProviderKey, bool]:
    """Have the tenant's calls to this provider made with its own key, and whether it had none
    before. `api_key` None keeps the present one. Counts within seconds.

    Raises InvalidInput, which names the field. Opens a transaction. The key is kept as the tenant's
    secret; nobody is shown it.
    """
    problems = _problems(provider, api_key, base_url, default_model)
    if problems:
        raise InvalidInput("This is no account with a provider.", errors=problems)
    fields = {"base_url": base_url, "default_model": default_model}
    with transaction():
        row = (
            ProviderKey.objects.select_for_update()
            .filter(tenant_id=tenant_id, provider=provider)
            .first()
        )
        if row is None and api_key is None:
            raise InvalidInput("There is no key yet.", errors={"api_key": ["Give the key."]})
        if row is not None and api_key is None and row.base_url != base_url:
            # Whoever may not read the key must not have it sent elsewhere.
            raise InvalidInput(
                "The key is not sent to another address.",
                errors={"api_key": ["Give the key again with a new base URL."]},
            )
        before = {name: getattr(row, name) for name in fields} if row else {}
        if api_key is not None:
            keep_secret(tenant_id=tenant_id, name=secret_name(provider), value=api_key, at=at)
        kept, is_new = ProviderKey.objects.update_or_create(
            tenant_id=tenant_id,
            provider=provider,
            defaults={**fields, "updated_at": at},
            create_defaults={**fields, "created_at": at, "updated_at": at},
        )
        after = fields if api_key is None else {**fields, "key_set_at": at}
        verb = "added" if is_new else "changed"
        _record(tenant_id, verb, provider, at, before=before, after=after)
    return kept, is_new


def delete_provider_key(*, tenant_id: UUID, provider: str, at: datetime) -> None:
    """From now on the platform's key is used again, where there is one. Raises NotFound. Opens a
    transaction."""
    with transaction():
        row = ProviderKey.objects.filter(tenant_id=tenant_id, provider=provider).first()
        if row is None:
            raise NotFound(f"There is no own key for {provider}.")
        before = {"base_url": row.base_url, "default_model": row.default_model}
        row.delete()
        drop_secret(tenant_id=tenant_id, name=secret_name(provider))
        _record(tenant_id, "deleted", provider, at, before=before)


def _problems(
    provider: str, api_key: str | None, base_url: str, default_model: str
) -> dict[str, list[str]]:
    problems: dict[str, list[str]] = {}
    if provider not in ProviderKey.Provider:
        problems["provider"] = [f"Choose one of {', '.join(ProviderKey.Provider)}."]
    if api_key is not None and not _is_sendable(api_key, MAX_KEY):
        problems["api_key"] = [f"Give 1 to {MAX_KEY} printable ASCII characters without spaces."]
    if base_url and (why := url_problem(base_url, settings.PLATFORM)):
        problems["base_url"] = [why]
    if default_model and not _is_sendable(default_model, MAX_MODEL):
        problems["default_model"] = [f"Give up to {MAX_MODEL} characters without spaces."]
    return problems


def _is_sendable(text: str, limit: int) -> bool:
    is_plain = text.isascii() and text.isprintable() and " " not in text
    return 1 <= len(text) <= limit and is_plain


def _record(tenant_id: UUID, verb: str, provider: str, at: datetime, **values: Any) -> None:
    record_change(
        tenant_id=tenant_id,
        action=f"provider_key.{verb}",
        target=("provider_key", provider),
        at=at,
        **values,
    )
