"""Whose turn it is to be given a place."""

from django.db import models


class Served(models.Model):
    """Places are numbered as they are given. `runs` and `calls` are the numbers of the last one
    that the tenant got; the tenant with the smallest has waited for its turn for longest."""

    tenant = models.OneToOneField(
        "tenants.Tenant", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    runs = models.BigIntegerField(default=0)
    calls = models.BigIntegerField(default=0)

    class Meta:
        db_table = "tenants_served"
        verbose_name_plural = "tenants served"

    def __str__(self) -> str:
        return f"{self.tenant_id}: {self.runs}, {self.calls}"
