"""A tenant's key to the API. Only a keyed hash of it is stored; it is shown once."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from agentplatform.core.ids import new_id
from apps.tenants.states import RIGHTS_OF_TENANTS


class ApiKey(models.Model):
    """`prefix` finds the row, `key_hash` proves the secret. `scopes` are the rights it holds.

    A revoked key never works again. A rotated one works until it expires, beside its successor.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="api_keys")
    user = models.ForeignKey(
        "tenants.User",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="api_keys",
        db_constraint=False,
    )
    name = models.CharField(max_length=100)
    scopes = ArrayField(models.CharField(max_length=16))
    prefix = models.CharField(max_length=16, unique=True)
    key_hash = models.CharField(max_length=64)
    expires_at = models.DateTimeField(null=True, blank=True)
    rotated_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "api_keys"
        verbose_name = "API key"
        ordering = ("-created_at",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(scopes__contained_by=list(RIGHTS_OF_TENANTS))
                & models.Q(scopes__len__gte=1),
                name="api_keys_scopes_known",
            ),
            models.UniqueConstraint(
                fields=("tenant", "name"),
                condition=models.Q(revoked_at__isnull=True, rotated_at__isnull=True),
                name="api_keys_one_live_key_per_name",
                violation_error_code="unique",
                violation_error_message="There is a live key of this name already.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.prefix} ({self.name})"
