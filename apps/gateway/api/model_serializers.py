"""Routes and own provider keys as JSON."""

from typing import Any

from rest_framework import serializers

from agentplatform.api.serializers import StrictSerializer
from agentplatform.settings.model_routes import MAX_MODEL, MAX_TARGETS
from apps.gateway.models import ModelRoute, ProviderKey
from apps.gateway.services.own_keys import MAX_URL
from apps.gateway.services.set_provider_key import MAX_KEY


def _models(**options: Any) -> serializers.ListField:
    name = serializers.CharField(max_length=MAX_MODEL + 20)
    return serializers.ListField(child=name, max_length=MAX_TARGETS, **options)


class ModelRouteWrite(StrictSerializer):
    """What PUT /model-routes/{alias} takes."""

    targets = _models(min_length=1, help_text="Models as provider:model, the preferred first.")
    on_context_window = _models(
        default=list, help_text="Asked instead when a prompt is too long for a model."
    )
    on_content_filter = _models(
        default=list, help_text="Asked instead when a provider's content filter refuses."
    )


class ModelRouteRead(serializers.ModelSerializer[ModelRoute]):
    """A name, and the models that it stands for."""

    class Meta:
        model = ModelRoute
        fields = ("alias", "targets", "on_context_window", "on_content_filter")


class ProviderKeyWrite(StrictSerializer):
    """What PUT /provider-keys/{provider} takes. The key is never shown."""

    api_key = serializers.CharField(
        default=None,
        allow_null=True,
        max_length=MAX_KEY,
        trim_whitespace=False,
        write_only=True,
        help_text="Left out: the present key stays.",
    )
    base_url = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=MAX_URL,
        help_text="Empty: where the platform calls this provider. A new one needs the key again.",
    )
    default_model = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=MAX_MODEL,
        help_text="What `default` means there. Empty: as for the platform.",
    )


class ProviderKeyRead(serializers.ModelSerializer[ProviderKey]):
    """The tenant's own account with a provider, without its key."""

    class Meta:
        model = ProviderKey
        fields = ("provider", "base_url", "default_model", "created_at", "updated_at")
