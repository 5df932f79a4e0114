"""How tenants, users, keys, secrets and the audit look on the wire."""

from typing import Any

from rest_framework import serializers

from agentplatform.api.serializers import StrictQuery, StrictSerializer
from agentplatform.core.money import format_usd
from apps.tenants.contracts import BudgetUse
from apps.tenants.models import ApiKey, AuditEntry, Secret, Tenant, User
from apps.tenants.selectors import AUDIT_FIELDS
from apps.tenants.services.change_tenant import MAX_RETENTION_DAYS, MAX_THRESHOLDS
from apps.tenants.services.rotate_api_key import DEFAULT_OVERLAP_SECONDS, MAX_OVERLAP_SECONDS
from apps.tenants.services.secret_text import MAX_BYTES
from apps.tenants.states import RIGHTS_OF_TENANTS


class TokenBudget(serializers.Serializer[BudgetUse]):
    """Tokens of this month; `limit` null: no limit."""

    used = serializers.IntegerField(source="tokens_used")
    reserved = serializers.IntegerField(
        source="tokens_reserved", help_text="Held for calls in flight."
    )
    limit = serializers.IntegerField(source="token_limit", allow_null=True)


class UsdBudget(serializers.Serializer[BudgetUse]):
    """USD of this month as decimal strings; `limit` null: no limit."""

    used = serializers.SerializerMethodField()
    reserved = serializers.SerializerMethodField(help_text="Held for calls in flight.")
    limit = serializers.SerializerMethodField()

    def get_used(self, use: BudgetUse) -> str:
        return format_usd(use.cost_nanos) or ""

    def get_reserved(self, use: BudgetUse) -> str:
        return format_usd(use.cost_reserved_nanos) or ""

    def get_limit(self, use: BudgetUse) -> str | None:
        return format_usd(use.cost_limit_nanos)


class Budget(serializers.Serializer[BudgetUse]):
    """What may be spent this month, and what is."""

    tokens = TokenBudget(source="*")
    usd = UsdBudget(source="*")


class TenantRead(serializers.ModelSerializer[Tenant]):
    """Your tenant. `budget` is of the month in `time_zone`. There is one warning at
    `soft_limit_ratio` of a limit and at each of `budget_thresholds`."""

    budget = serializers.SerializerMethodField()
    budget_thresholds = serializers.ListField(child=serializers.FloatField())

    class Meta:
        model = Tenant
        fields = (
            "id", "name", "slug", "status", "budget", "soft_limit_ratio", "budget_thresholds",
            "time_zone", "max_runs_in_flight", "max_calls_in_flight",
            "retention_days", "allows_provisioning", "created_at",
        )  # fmt: skip

    def get_budget(self, _tenant: Tenant) -> Budget:
        return Budget(self.context["budget"]).data  # type: ignore[return-value]


class TenantChange(StrictSerializer):
    """What PATCH /tenant takes."""

    name = serializers.CharField(max_length=200, required=False)
    retention_days = serializers.IntegerField(
        min_value=1,
        max_value=MAX_RETENTION_DAYS,
        allow_null=True,
        required=False,
        help_text="Days to keep what has ended; null keeps it.",
    )
    time_zone = serializers.CharField(
        max_length=64,
        required=False,
        help_text="Whose months count for budgets: a name of the IANA list, as Europe/Berlin.",
    )
    budget_thresholds = serializers.ListField(
        child=serializers.FloatField(),
        max_length=MAX_THRESHOLDS,
        required=False,
        help_text="Shares of a budget between 0 and 1 to warn at, beside the soft limit.",
    )
    allows_provisioning = serializers.BooleanField(
        required=False, help_text="A person's first login with Cognito makes the user."
    )


class UserWrite(StrictSerializer):
    """What POST /users takes."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=User.Role.choices, default="member")


class UserChange(StrictSerializer):
    """What PATCH /users/{id} takes. Who left is deactivated, never deleted."""

    role = serializers.ChoiceField(choices=User.Role.choices, required=False)
    is_active = serializers.BooleanField(required=False)


class UserFilter(StrictQuery):
    """What GET /users can be narrowed to."""

    email = serializers.CharField(required=False, max_length=254, help_text="The whole address.")
    role = serializers.ChoiceField(choices=User.Role.choices, required=False)


class UserRead(serializers.ModelSerializer[User]):
    """A person of the tenant. One who is not active can do nothing, nor can their keys."""

    class Meta:
        model = User
        fields = ("id", "email", "role", "is_active", "created_at")


class ApiKeyWrite(StrictSerializer):
    """What POST /api-keys takes. A key of a user never does more than the user may."""

    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=RIGHTS_OF_TENANTS),
        min_length=1,
        max_length=16,
        help_text="Rights that you hold yourself.",
    )
    user_id = serializers.UUIDField(required=False, allow_null=True)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class ApiKeyRotation(StrictSerializer):
    """What POST /api-keys/{id}/rotate takes."""

    overlap_seconds = serializers.IntegerField(
        min_value=0,
        max_value=MAX_OVERLAP_SECONDS,
        default=DEFAULT_OVERLAP_SECONDS,
        help_text="How much longer the old key works.",
    )


class ApiKeyRead(serializers.ModelSerializer[ApiKey]):
    """A key without its secret. It works until it is revoked or expires; a rotated one has a
    successor of the same name."""

    user_id = serializers.UUIDField(allow_null=True)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=RIGHTS_OF_TENANTS))

    class Meta:
        model = ApiKey
        fields = (
            "id", "name", "prefix", "scopes", "user_id", "expires_at", "rotated_at", "revoked_at",
            "last_used_at", "created_at",
        )  # fmt: skip


class ApiKeyMade(ApiKeyRead):
    """A key that was just made, with its secret: keep it, it is not shown again."""

    api_key = serializers.SerializerMethodField(help_text="The whole key, shown this once.")

    class Meta:
        model = ApiKey
        fields = (*ApiKeyRead.Meta.fields, "api_key")

    def get_api_key(self, _key: ApiKey) -> str:
        secret: str = self.context["secret"]
        return secret


class SecretWrite(StrictSerializer):
    """What PUT /secrets/{name} takes. The value is never shown."""

    value = serializers.CharField(
        max_length=MAX_BYTES, trim_whitespace=False, write_only=True, help_text="At most 8 KiB."
    )


class SecretRead(serializers.ModelSerializer[Secret]):
    """That there is a secret, and since when."""

    class Meta:
        model = Secret
        fields = ("name", "created_at", "updated_at")


class AuditQuery(StrictQuery):
    """Which audit entries are asked for."""

    action = serializers.CharField(required=False, max_length=64)
    actor_id = serializers.CharField(required=False, max_length=64)
    target_id = serializers.CharField(required=False, max_length=64)
    since = serializers.DateTimeField(required=False, help_text="From this time.")
    until = serializers.DateTimeField(required=False, help_text="Before this time.")


class AuditRead(serializers.ModelSerializer[AuditEntry]):
    """Who changed what. `before` and `after` hold what differs, secrets masked."""

    tenant_id = serializers.UUIDField()
    before = serializers.DictField()
    after = serializers.DictField()

    class Meta:
        model = AuditEntry
        fields = AUDIT_FIELDS


class MyTenant(serializers.ModelSerializer[Tenant]):
    """Whose rows you see."""

    class Meta:
        model = Tenant
        fields = ("id", "slug", "name")


class MyUser(serializers.ModelSerializer[User]):
    """The person behind the credential."""

    class Meta:
        model = User
        fields = ("id", "email", "role")


class MyKey(serializers.ModelSerializer[ApiKey]):
    """The key that was sent."""

    class Meta:
        model = ApiKey
        fields = ("id", "name", "prefix", "expires_at")


class Me(serializers.Serializer[Any]):
    """Who you are; a key may belong to no user, and a person may come without a key."""

    tenant = MyTenant()
    user = MyUser(allow_null=True)
    api_key = MyKey(allow_null=True)
    rights = serializers.ListField(child=serializers.ChoiceField(choices=RIGHTS_OF_TENANTS))
