"""A secret that tools may use and nobody is shown."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from agentplatform.core.ids import new_id

MAX_HOSTS = 20
MAX_HOST = 270


class ToolSecret(models.Model):
    """The value itself is the tenant's secret `tool-<name>`. It is sent to `hosts` only."""

    class SentAs(models.TextChoices):
        BEARER = "bearer", "Authorization: Bearer <value>"
        BASIC = "basic", "Authorization: Basic <user:value>"
        HEADER = "header", "a header"
        QUERY = "query", "a query parameter"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=58)
    hosts = ArrayField(models.CharField(max_length=MAX_HOST), size=MAX_HOSTS)
    sent_as = models.CharField(max_length=16, choices=SentAs, default=SentAs.BEARER)
    parameter = models.CharField(
        max_length=100,
        blank=True,
        help_text="The name of the header or the query parameter; for basic, the user.",
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "tool_secrets"
        ordering = ("tenant", "name")
        constraints = (
            models.UniqueConstraint(fields=("tenant", "name"), name="tool_secrets_one_name"),
            models.CheckConstraint(
                condition=models.Q(sent_as__in=["bearer", "basic", "header", "query"]),
                name="tool_secrets_sent_as_known",
            ),
        )

    def __str__(self) -> str:
        return self.name
