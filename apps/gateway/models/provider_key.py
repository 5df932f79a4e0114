"""A tenant's own account with a provider."""

from django.db import models

from agentplatform.core.ids import new_id


class ProviderKey(models.Model):
    """The key itself is the tenant's secret `provider-<provider>`. Without a `base_url` or a
    `default_model` those of the platform's settings count."""

    class Provider(models.TextChoices):
        OPENAI = "openai", "OpenAI, or who speaks as it does"
        ANTHROPIC = "anthropic", "Anthropic"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=32, choices=Provider)
    base_url = models.CharField(
        max_length=300, blank=True, help_text="Empty: where the platform calls this provider."
    )
    default_model = models.CharField(
        max_length=200, blank=True, help_text="What `default` means. Empty: as for the platform."
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "provider_keys"
        ordering = ("tenant", "provider")
        verbose_name = "own provider key"
        constraints = (
            models.UniqueConstraint(fields=("tenant", "provider"), name="provider_keys_one"),
            models.CheckConstraint(
                condition=models.Q(provider__in=["openai", "anthropic"]),
                name="provider_keys_provider_known",
            ),
        )

    def __str__(self) -> str:
        return self.provider
