"""Which models a tenant may use."""

from django.db import models


class ModelPolicy(models.Model):
    """A tenant without one may name any model, and has no critical call served locally."""

    class Allowed(models.TextChoices):
        ANY = "any", "any model"
        ROUTED = "routed", "default and routes only"

    id = models.BigAutoField(primary_key=True)
    tenant = models.OneToOneField("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    allowed_models = models.CharField(max_length=16, choices=Allowed, default=Allowed.ANY)
    allows_local = models.BooleanField(
        default=False, help_text="The local provider may answer critical calls too."
    )

    class Meta:
        db_table = "model_policies"
        ordering = ("tenant",)
        verbose_name = "model policy"
        verbose_name_plural = "model policies"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(allowed_models__in=["any", "routed"]),
                name="model_policies_allowed_known",
            ),
        )

    def __str__(self) -> str:
        return self.allowed_models
