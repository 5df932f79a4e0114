"""How much one call of a tool may use, where it differs from what the platform comes with."""

from typing import ClassVar

from django.db import models

from agentplatform.core.ids import new_id

LIMITS = (
    "wall_seconds",
    "cpus",
    "memory_bytes",
    "processes",
    "work_bytes",
    "inodes",
    "output_bytes",
    "artifacts",
    "artifact_bytes",
    "artifacts_bytes",
)


def are_positive(table: str) -> tuple[models.CheckConstraint, ...]:
    """A constraint a limit: it is more than nothing, or not set."""
    return tuple(
        models.CheckConstraint(
            condition=models.Q(**{f"{name}__isnull": True}) | models.Q(**{f"{name}__gt": 0}),
            name=f"{table}_{name}_positive",
        )
        for name in LIMITS
    )


class LimitValues(models.Model):
    """A limit that is not set is taken from the next wider place: a tenant's from the tool's, the
    tool's from the platform's own."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tool = models.CharField(max_length=100)
    wall_seconds = models.FloatField(
        null=True, blank=True, help_text="The longest that one call may take."
    )
    cpus = models.FloatField(
        "CPUs", null=True, blank=True, help_text="Processors that it may keep busy: 0.5, 1, 2."
    )
    memory_bytes = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Of all its processes, and of its files in memory."
    )
    processes = models.PositiveIntegerField(null=True, blank=True)
    work_bytes = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="What it may write in its work folder."
    )
    inodes = models.PositiveIntegerField(
        null=True, blank=True, help_text="How many files and folders it may make there."
    )
    output_bytes = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="What it may print on one stream."
    )
    artifacts = models.PositiveIntegerField(
        null=True, blank=True, help_text="How many files are kept of a call."
    )
    artifact_bytes = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="The largest file that is kept."
    )
    artifacts_bytes = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="All kept files of a call together."
    )
    updated_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.tool


class ToolDefault(LimitValues):
    """For every tenant that has no limits of its own for this tool."""

    class Meta:
        db_table = "tool_defaults"
        ordering: ClassVar = ("tool",)
        constraints = (
            models.UniqueConstraint(fields=("tool",), name="tool_defaults_one_a_tool"),
            *are_positive("tool_defaults"),
        )


class ToolLimit(LimitValues):
    """For one tenant."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "tool_limits"
        ordering: ClassVar = ("tenant", "tool")
        constraints = (
            models.UniqueConstraint(fields=("tenant", "tool"), name="tool_limits_one_a_tool"),
            *are_positive("tool_limits"),
        )
