"""What model calls used, summed up."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field

from apps.gateway.contracts.value import Value


class ModelUsage(Value):
    """What one model used in a run, over `attempts` provider attempts. Unknown cost is None."""

    provider: str
    model: str
    attempts: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost_nanos: int | None


class RunUsage(Value):
    """What the model calls of one run used, by kind of token and by model."""

    calls: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost_nanos: int | None
    models: tuple[ModelUsage, ...] = ()

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


GroupKey = Literal["day", "provider", "model", "user_id", "api_key_id", "run_id"]


class UsageQuestion(Value):
    """Usage from the day `since` to before the day `until`, in the time zone, summed up by
    `group_by` and narrowed to `only`. Up to `limit` groups in the order of their keys; those after
    the group whose keys are `after`, if it names one."""

    tenant_id: UUID
    time_zone: str
    since: date
    until: date
    group_by: tuple[GroupKey, ...] = Field(min_length=1)
    only: dict[GroupKey, str | UUID] = Field(default_factory=dict)
    after: tuple[str, ...] = ()
    limit: int


class UsageSums(Value):
    """What the attempts of one group used; of all, without a `key`. `known_cost_nanos` is the cost
    of those whose price is known."""

    key: dict[GroupKey, str | None]
    attempts: int
    attempts_without_price: int
    attempts_unconfirmed: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    known_cost_nanos: int

    @property
    def cost_nanos(self) -> int | None:
        """None as soon as one price is not known."""
        return None if self.attempts_without_price else self.known_cost_nanos


class Usages(Value):
    """One page of groups, and the sums over every group."""

    groups: tuple[UsageSums, ...]
    total: UsageSums
    has_more: bool
