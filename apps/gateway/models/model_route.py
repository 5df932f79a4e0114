"""What a name of a model stands for in a tenant."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from agentplatform.settings.model_routes import MAX_TARGETS

_MODEL_LENGTH = 220


def _model() -> "models.CharField[str, str]":
    return models.CharField(max_length=_MODEL_LENGTH)


class ModelRoute(models.Model):
    """A Route of agentplatform.settings.model_routes; it takes the place of the platform's of the
    same alias."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    alias = models.CharField(max_length=63)
    targets = ArrayField(_model(), size=MAX_TARGETS)
    on_context_window = ArrayField(_model(), size=MAX_TARGETS, default=list, blank=True)
    on_content_filter = ArrayField(_model(), size=MAX_TARGETS, default=list, blank=True)

    class Meta:
        db_table = "model_routes"
        ordering = ("tenant", "alias")
        verbose_name = "route"
        constraints = (
            models.UniqueConstraint(fields=("tenant", "alias"), name="model_routes_one_alias"),
        )

    def __str__(self) -> str:
        return self.alias
