"""How budgets and their warnings look on the wire."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agentplatform.api.serializers import StrictSerializer
from agentplatform.core.money import format_usd, parse_usd
from apps.tenants.api.serializers import TokenBudget
from apps.tenants.models import Budget
from apps.tenants.services.limit_accounts import MAX_LIMIT

OWNERS = ("user", "api_key", "each_run")


class BudgetWrite(StrictSerializer):
    """What PUT of a budget takes: both limits; null is no limit."""

    token_limit = serializers.IntegerField(
        min_value=0, max_value=MAX_LIMIT, allow_null=True, help_text="Tokens; null: no limit."
    )
    usd_limit = serializers.DecimalField(
        max_digits=18,
        decimal_places=9,
        min_value=Decimal(0),
        max_value=Decimal(10**9),
        allow_null=True,
        help_text="USD as a decimal string; null: no limit.",
    )

    def limits(self) -> dict[str, int | None]:
        """What the services take."""
        usd = self.validated_data["usd_limit"]
        return {
            "token_limit": self.validated_data["token_limit"],
            "usd_limit_nanos": None if usd is None else parse_usd(usd),
        }


class TokensOfMonth(TokenBudget):
    """Tokens; `limit` null: no limit. For each run there is no use of a month."""


class UsdOfMonth(serializers.Serializer[Any]):
    """USD as decimal strings; `limit` null: no limit. For each run there is no use of a month."""

    used = serializers.SerializerMethodField()
    reserved = serializers.SerializerMethodField(help_text="Held for calls in flight.")
    limit = serializers.SerializerMethodField()

    def get_used(self, budget: Any) -> str:
        return format_usd(budget.nanos_used) or ""

    def get_reserved(self, budget: Any) -> str:
        return format_usd(budget.nanos_reserved) or ""

    def get_limit(self, budget: Budget) -> str | None:
        return format_usd(budget.usd_limit_nanos)


class BudgetRead(serializers.ModelSerializer[Budget]):
    """The limits of a user or an API key a month, or of each run, with this month's use."""

    owner = serializers.SerializerMethodField()
    user_id = serializers.UUIDField(allow_null=True)
    api_key_id = serializers.UUIDField(allow_null=True)
    tokens = TokensOfMonth(source="*")
    usd = UsdOfMonth(source="*")

    class Meta:
        model = Budget
        fields = ("owner", "user_id", "api_key_id", "tokens", "usd", "changed_at")

    @extend_schema_field(serializers.ChoiceField(choices=OWNERS))
    def get_owner(self, budget: Any) -> str:
        return "user" if budget.user_id else "api_key" if budget.api_key_id else "each_run"
