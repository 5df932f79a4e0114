"""A customer of the platform: everything else belongs to one."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Value

from agentplatform.core.ids import new_id


class Tenant(models.Model):
    """Limits are hard; `soft_limit_ratio` is where the first warning comes, `budget_thresholds` are
    shares where further ones do. None means no limit. Months are those of `time_zone`.

    What ended longer than `retention_days` ago is purged; None keeps it. A deleted tenant's data is
    purged by `purged_at`; the row stays, for the ledger and the audit, and gives its slug free.
    """

    class Status(models.TextChoices):
        ACTIVE = "active"
        SUSPENDED = "suspended"
        DELETED = "deleted"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=63)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    token_budget_monthly = models.BigIntegerField(null=True, blank=True)
    usd_budget_monthly_nanos = models.BigIntegerField(null=True, blank=True)
    soft_limit_ratio = models.FloatField(default=0.8)
    budget_thresholds = ArrayField(
        models.FloatField(),
        default=list,
        db_default=Value([], output_field=ArrayField(models.FloatField())),
        blank=True,
        help_text="Further shares of a budget to warn at, by comma: 0.5, 0.9.",
    )
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        db_default="UTC",
        help_text="Whose calendar months count for budgets, for example Europe/Berlin.",
    )
    max_runs_in_flight = models.PositiveIntegerField(
        null=True, blank=True, help_text="Runs at work at the same time; empty means no cap."
    )
    max_calls_in_flight = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Model and tool calls at the same time; empty means no cap.",
    )
    retention_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="Days to keep what has ended; empty keeps it."
    )
    allows_provisioning = models.BooleanField(
        default=False, help_text="A person's first login with Cognito makes the user."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    purged_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        db_table = "tenants"
        ordering = ("slug",)
        constraints = (
            models.UniqueConstraint(
                fields=("slug",),
                condition=~models.Q(status="deleted"),
                name="tenants_one_slug",
                violation_error_code="unique",
                violation_error_message="There is a tenant with this slug already.",
            ),
            models.CheckConstraint(
                condition=models.Q(retention_days__isnull=True) | models.Q(retention_days__gte=1),
                name="tenants_retention_is_a_day",
                violation_error_message="Keep what has ended for a day or longer.",
            ),
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
                condition=models.Q(max_runs_in_flight__isnull=True)
                | models.Q(max_runs_in_flight__gte=1),
                name="tenants_runs_cap_is_one",
                violation_error_message="Let at least one run be in flight, or set no cap.",
            ),
            models.CheckConstraint(
                condition=models.Q(max_calls_in_flight__isnull=True)
                | models.Q(max_calls_in_flight__gte=1),
                name="tenants_calls_cap_is_one",
                violation_error_message="Let at least one call be in flight, or set no cap.",
            ),
            models.CheckConstraint(
                condition=models.Q(soft_limit_ratio__gte=0, soft_limit_ratio__lte=1),
                name="tenants_soft_limit_is_a_ratio",
                violation_error_message="The soft limit is between 0 and 1.",
            ),
        )

    def __str__(self) -> str:
        return self.slug
