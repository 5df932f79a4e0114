"""What one user, one API key or each run may use."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Budget(models.Model):
    """Monthly limits of the user or the key; of neither: limits of each run that starts. None means
    no limit. The tenant's own are on the tenant's row."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="budgets")
    user = models.ForeignKey(
        "tenants.User",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="budgets",
        db_constraint=False,
    )
    api_key = models.ForeignKey(
        "tenants.ApiKey",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="budgets",
        db_constraint=False,
    )
    token_limit = models.BigIntegerField(null=True, blank=True)
    usd_limit_nanos = models.BigIntegerField(null=True, blank=True)
    changed_at = models.DateTimeField()

    objects: ClassVar[models.Manager["Budget"]] = models.Manager()

    class Meta:
        db_table = "budgets"
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "user", "api_key"),
                nulls_distinct=False,
                name="budgets_one_per_owner",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True) | Q(api_key__isnull=True), name="budgets_one_owner"
            ),
            models.CheckConstraint(
                condition=(Q(token_limit__isnull=True) | Q(token_limit__gte=0))
                & (Q(usd_limit_nanos__isnull=True) | Q(usd_limit_nanos__gte=0)),
                name="budgets_not_negative",
            ),
        )

    def __str__(self) -> str:
        if self.user is not None:
            return f"user {self.user}"
        return "each run" if self.api_key is None else f"key {self.api_key}"
