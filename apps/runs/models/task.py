"""Task definitions and their immutable versions."""

from django.db import models

from agentplatform.core.ids import new_id


class TaskDefinition(models.Model):
    """What /api/v1/tasks holds: a name for a growing list of versions."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "tasks"
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["tenant", "name"],
                condition=models.Q(is_active=True),
                name="tasks_one_active_name",
            ),
        )

    def __str__(self) -> str:
        return self.name


class TaskVersion(models.Model):
    """One spec. It never changes: a run pins its version."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    task = models.ForeignKey(
        TaskDefinition, on_delete=models.CASCADE, related_name="versions", db_constraint=False
    )
    number = models.PositiveIntegerField()
    spec = models.JSONField()
    created_by = models.ForeignKey(
        "tenants.User",
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_constraint=False,
    )
    created_at = models.DateTimeField()

    class Meta:
        db_table = "task_versions"
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=["task", "number"], name="task_versions_one_number"),
        )

    def __str__(self) -> str:
        return f"{self.task_id} v{self.number}"
