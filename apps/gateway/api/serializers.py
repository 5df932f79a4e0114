"""How usage is asked for and looks on the wire."""

import base64
import json
from typing import Any, get_args
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound

from agentplatform.api.serializers import StrictQuery
from agentplatform.core.money import format_usd
from apps.gateway.contracts import GroupKey, UsageQuestion, UsageSums
from apps.gateway.selectors import month_so_far

MAX_DAYS = 400
PAGE = 50
MAX_PAGE = 200
FILTERS: tuple[GroupKey, ...] = ("provider", "model", "user_id", "api_key_id", "run_id")


class UsageQuery(StrictQuery):
    """Which usage is asked for. Days are those of the tenant's time zone."""

    group_by = serializers.ListField(
        child=serializers.ChoiceField(
            choices=get_args(GroupKey),
            error_messages={"invalid_choice": f"Name one of {', '.join(get_args(GroupKey))}."},
        ),
        required=False,
        help_text="What to sum up by, repeated for several; by day if left out.",
    )
    since = serializers.DateField(
        required=False, help_text="From this day; the first of this month if left out."
    )
    until = serializers.DateField(
        required=False, help_text="Before this day; up to now if left out."
    )
    provider = serializers.CharField(required=False, max_length=32)
    model = serializers.CharField(required=False, max_length=200)
    user_id = serializers.UUIDField(required=False)
    api_key_id = serializers.UUIDField(required=False)
    run_id = serializers.UUIDField(required=False)
    cursor = serializers.CharField(
        required=False, max_length=2000, help_text="Of a page's `next`; keep the rest as it was."
    )
    page_size = serializers.IntegerField(required=False, min_value=1, max_value=MAX_PAGE)

    def validate_group_by(self, keys: list[str]) -> list[str]:
        if len(set(keys)) < len(keys):
            raise serializers.ValidationError("Name each once.")
        return keys

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = month_so_far(self.context["at"], self.context["time_zone"])
        attrs.setdefault("since", min(first, attrs.get("until", first)))
        attrs.setdefault("until", max(last, attrs["since"]))
        days = (attrs["until"] - attrs["since"]).days
        if days < 0:
            raise serializers.ValidationError({"until": ["This is before `since`."]})
        if days > MAX_DAYS:
            raise serializers.ValidationError({"since": [f"Ask for {MAX_DAYS} days at most."]})
        return attrs

    def question(self, *, tenant_id: UUID) -> UsageQuestion:
        """What is asked for. Raises NotFound for a cursor that was not handed out."""
        asked = self.validated_data
        group_by = tuple(asked.get("group_by") or ("day",))
        return UsageQuestion(
            tenant_id=tenant_id,
            time_zone=self.context["time_zone"],
            since=asked["since"],
            until=asked["until"],
            group_by=group_by,
            only={name: asked[name] for name in FILTERS if name in asked},
            after=_read_cursor(asked["cursor"], len(group_by)) if "cursor" in asked else (),
            limit=asked.get("page_size", PAGE),
        )


def cursor_after(group: UsageSums) -> str:
    """The place behind this group."""
    keys = json.dumps([text or "" for text in group.key.values()])
    return base64.urlsafe_b64encode(keys.encode()).decode()


def _read_cursor(text: str, width: int) -> tuple[str, ...]:
    try:
        keys = json.loads(base64.urlsafe_b64decode(text))
    except ValueError as error:
        raise NotFound("This cursor is none.") from error
    is_one = isinstance(keys, list) and all(isinstance(key, str) for key in keys)
    if not is_one or len(keys) != width or "\x00" in "".join(keys):
        raise NotFound("This cursor is none.")
    return tuple(keys)


class UsageRead(serializers.Serializer[UsageSums]):
    """What the provider attempts of one group used; of the keys, only those that were asked for.
    `cost_usd` is null as soon as the price of one attempt is not known."""

    attempts = serializers.IntegerField()
    attempts_without_price = serializers.IntegerField(help_text="Their cost is not known.")
    attempts_unconfirmed = serializers.IntegerField(
        help_text="Charged at what was held, for nobody knows what they used."
    )
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField(help_text="A part of prompt_tokens.")
    cache_write_tokens = serializers.IntegerField(
        help_text="A part of prompt_tokens that was written to a provider's cache."
    )
    reasoning_tokens = serializers.IntegerField(help_text="A part of completion_tokens.")
    cost_usd = serializers.SerializerMethodField()
    known_cost_usd = serializers.SerializerMethodField(
        help_text="The cost of the attempts whose price is known."
    )

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_cost_usd(self, sums: UsageSums) -> str | None:
        return format_usd(sums.cost_nanos)

    def get_known_cost_usd(self, sums: UsageSums) -> str:
        return format_usd(sums.known_cost_nanos) or ""


class UsageGroup(UsageRead):
    """The same, with the group's keys. A null key: of none (a call without a run, a run of no
    user)."""

    day = serializers.DateField(required=False)
    provider = serializers.CharField(required=False)
    model = serializers.CharField(required=False)
    user_id = serializers.UUIDField(required=False, allow_null=True)
    api_key_id = serializers.UUIDField(required=False, allow_null=True)
    run_id = serializers.UUIDField(required=False, allow_null=True)

    def to_representation(self, sums: UsageSums) -> dict[str, Any]:
        return {**sums.key, **UsageRead(sums).data}


class UsagePage(serializers.Serializer[Any]):
    """Groups in the order of their keys, and the sums over all of them, on whatever page."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True, help_text="Always null: go on only.")
    since = serializers.DateField()
    until = serializers.DateField()
    time_zone = serializers.CharField()
    totals = UsageRead()
    results = UsageGroup(many=True)
