"""How many model calls and tokens a minute a tenant, its users and its keys may have."""

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

MAX_RATE: Final = 10**12
"""Of requests and of tokens: what is above is no limit."""


class RateLimit(models.Model):
    """The limits of the user, of the key, or of each user that has none of its own; of neither: the
    tenant's own. None means no limit. Without a row the platform's defaults hold."""

    class Algorithm(models.TextChoices):
        SLIDING_WINDOW = "sliding_window"
        TOKEN_BUCKET = "token_bucket"  # noqa: S105  no secret

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, related_name="rate_limits"
    )
    user = models.ForeignKey(
        "tenants.User",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="rate_limits",
        db_constraint=False,
    )
    api_key = models.ForeignKey(
        "tenants.ApiKey",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="rate_limits",
        db_constraint=False,
    )
    is_each_user = models.BooleanField("each user", default=False)
    requests_per_minute = models.BigIntegerField(
        null=True, blank=True, help_text="Empty means no limit."
    )
    tokens_per_minute = models.BigIntegerField(
        null=True, blank=True, help_text="Empty means no limit."
    )
    algorithm = models.CharField(max_length=16, choices=Algorithm, default=Algorithm.SLIDING_WINDOW)
    changed_at = models.DateTimeField()

    objects: ClassVar[models.Manager["RateLimit"]] = models.Manager()

    class Meta:
        db_table = "rate_limits"
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "user", "api_key", "is_each_user"),
                nulls_distinct=False,
                name="rate_limits_one_per_owner",
            ),
            models.CheckConstraint(
                condition=Q(user=None, api_key=None)
                | Q(user=None, is_each_user=False)
                | Q(api_key=None, is_each_user=False),
                name="rate_limits_one_owner",
            ),
            models.CheckConstraint(
                condition=(Q(requests_per_minute=None) | Q(requests_per_minute__gte=1))
                & (Q(tokens_per_minute=None) | Q(tokens_per_minute__gte=1)),
                name="rate_limits_let_something_pass",
            ),
            models.CheckConstraint(
                condition=Q(algorithm__in=["sliding_window", "token_bucket"]),
                name="rate_limits_algorithm_known",
            ),
        )

    def __str__(self) -> str:
        if self.user is not None:
            return f"user {self.user}"
        if self.api_key is not None:
            return f"key {self.api_key}"
        return "each user" if self.is_each_user else "the tenant"
