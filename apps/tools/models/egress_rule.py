"""A host that the tool calls of a tenant may reach."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from agentplatform.core.ids import new_id
from agentplatform.settings.host_rules import MAX_METHODS


class EgressRule(models.Model):
    """A Rule of agentplatform.settings.host_rules, beside those of EGRESS_ALLOWLIST. Without a port
    the ports of the web, without methods any. `is_from_staff`: the platform's staff has added it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    host = models.CharField(max_length=255)
    port = models.PositiveIntegerField(null=True, blank=True)
    methods = ArrayField(
        models.CharField(max_length=20), size=MAX_METHODS, default=list, blank=True
    )
    is_from_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "egress_rules"
        ordering = ("-id",)
        verbose_name = "egress rule"
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "host", "port", "methods", "is_from_staff"),
                name="egress_rules_once",
                nulls_distinct=False,
            ),
        )

    def __str__(self) -> str:
        return self.host
