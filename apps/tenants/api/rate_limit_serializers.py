"""How rate limits look on the wire."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agentplatform.api.serializers import StrictSerializer
from apps.tenants.contracts import Rate
from apps.tenants.models import RateLimit
from apps.tenants.models.rate_limit import MAX_RATE

OWNERS = ("tenant", "user", "api_key", "each_user")


class RateLimitWrite(StrictSerializer):
    """What PUT of a rate limit takes: both limits; null is no limit."""

    requests_per_minute = serializers.IntegerField(
        min_value=1, max_value=MAX_RATE, allow_null=True, help_text="Model calls; null: no limit."
    )
    tokens_per_minute = serializers.IntegerField(
        min_value=1, max_value=MAX_RATE, allow_null=True, help_text="Tokens; null: no limit."
    )
    algorithm = serializers.ChoiceField(
        choices=RateLimit.Algorithm.choices,
        default=RateLimit.Algorithm.SLIDING_WINDOW.value,
        help_text="sliding_window if left out.",
    )

    def rate(self) -> Rate:
        """What the services take."""
        return Rate(**self.validated_data)


class RateLimitRead(serializers.ModelSerializer[RateLimit]):
    """Model calls and tokens a minute of a user, of an API key, of each user without one of their
    own, or of the tenant. Null: no limit."""

    owner = serializers.SerializerMethodField()
    user_id = serializers.UUIDField(allow_null=True)
    api_key_id = serializers.UUIDField(allow_null=True)

    class Meta:
        model = RateLimit
        fields = (
            "owner", "user_id", "api_key_id", "requests_per_minute", "tokens_per_minute",
            "algorithm", "changed_at",
        )  # fmt: skip

    @extend_schema_field(serializers.ChoiceField(choices=OWNERS))
    def get_owner(self, limit: Any) -> str:
        if limit.user_id:
            return "user"
        if limit.api_key_id:
            return "api_key"
        return "each_user" if limit.is_each_user else "tenant"
