"""Who changed what: rows that are only ever added."""

from django.db import models


class AuditEntry(models.Model):
    """`before` and `after` hold the fields that changed, secrets masked. `tenant` None: a change of
    the platform itself. `actor_id` and `target_id` are texts, for what they name may be gone."""

    class ActorKind(models.TextChoices):
        USER = "user"
        KEY = "api_key"
        STAFF = "staff"
        COMMAND = "command"
        SYSTEM = "system"

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=8, choices=ActorKind)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=64)
    target_kind = models.CharField(max_length=32)
    target_id = models.CharField(max_length=64)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    address = models.CharField(max_length=45, blank=True)
    trace_id = models.CharField(max_length=32, blank=True)

    class Meta:
        db_table = "audit_entries"
        ordering = ("-id",)
        verbose_name_plural = "audit entries"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(
                    actor_kind__in=["user", "api_key", "staff", "command", "system"]
                ),
                name="audit_entries_actor_known",
            ),
        )
        indexes = (models.Index(fields=("tenant", "-id"), name="audit_entries_by_tenant"),)

    def __str__(self) -> str:
        return f"{self.action} {self.target_id}"
