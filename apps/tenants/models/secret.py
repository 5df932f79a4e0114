"""A named secret of a tenant: written once, used by the platform, never shown."""

from django.db import models

from agentplatform.core.ids import new_id


class Secret(models.Model):
    """`ciphertext` is bound to the tenant and the name (agentplatform.core.encryption)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=63)
    ciphertext = models.TextField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "secrets"
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("tenant", "name"), name="secrets_one_name"),)

    def __str__(self) -> str:
        return self.name
