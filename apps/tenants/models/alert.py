"""What somebody should look at."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.tenants.states import ALERT_KINDS


class Alert(models.Model):
    """`tenant` None: the platform's own, which no tenant sees. `subject` is what it is about
    (openai:gpt-4o, user:ID); `details` what was so at that moment, by kind (contracts.Alert).

    One of a kind is there once for its tenant and `once_per`, which names the occasion."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, null=True, related_name="+"
    )
    kind = models.CharField(max_length=32)
    subject = models.CharField(max_length=255)
    once_per = models.CharField(max_length=300)
    details = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager["Alert"]] = models.Manager()

    class Meta:
        db_table = "alerts"
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "once_per", "tenant"),
                nulls_distinct=False,
                name="alerts_once_per_occasion",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=list(ALERT_KINDS)), name="alerts_kind_known"
            ),
        )
        indexes = (models.Index(fields=("tenant", "-id"), name="alerts_by_tenant"),)

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')}: {self.subject}"
