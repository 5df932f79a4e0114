"""A customer of the platform: everything else belongs to one."""

from django.db import models

from agentplatform.core.ids import new_id


class Tenant(models.Model):
    """Limits are hard; `soft_limit_ratio` is where the warning comes. None means no limit."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        SUSPENDED = "suspended"
        DELETED = "deleted"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=63, unique=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    token_budget_monthly = models.BigIntegerField(null=True, blank=True)
    usd_budget_monthly_nanos = models.BigIntegerField(null=True, blank=True)
    soft_limit_ratio = models.FloatField(default=0.8)
    rate_limit_per_minute = models.PositiveIntegerField(default=100)
    user_rate_limit_per_minute = models.PositiveIntegerField(default=20)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "tenants"
        ordering = ("slug",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "suspended", "deleted"]),
                name="tenants_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(token_budget_monthly__isnull=True)
                | models.Q(token_budget_monthly__gte=0),
                name="tenants_token_budget_not_negative",
                violation_error_message="A budget is zero or more.",
            ),
            models.CheckConstraint(
                condition=models.Q(usd_budget_monthly_nanos__isnull=True)
                | models.Q(usd_budget_monthly_nanos__gte=0),
                name="tenants_usd_budget_not_negative",
                violation_error_message="A budget is zero or more.",
            ),
            models.CheckConstraint(
                condition=models.Q(soft_limit_ratio__gte=0, soft_limit_ratio__lte=1),
                name="tenants_soft_limit_is_a_ratio",
                violation_error_message="The soft limit is between 0 and 1.",
            ),
        )

    def __str__(self) -> str:
        return self.slug
