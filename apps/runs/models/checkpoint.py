"""Where an agent stands between two turns."""

from django.db import models


class Checkpoint(models.Model):
    """The newest checkpoint of a step's graph, replaced with each turn and deleted with the run's
    end. `interrupts` holds, by call index, the ids that the graph waits on after turn `turn`;
    `wishes` what each of them asked for. `graph_version` took the first turn and takes all;
    `task_versions` and `task_descriptions` pin, by the task's name, the version and the description
    of each task that is offered as a tool."""

    step = models.OneToOneField(
        "runs.Step",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="checkpoint",
        db_constraint=False,
    )
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    graph = models.CharField(max_length=63)
    graph_version = models.CharField(max_length=63, default="1", db_default="1")
    task_versions = models.JSONField(default=dict, db_default={})
    task_descriptions = models.JSONField(default=dict, db_default={})
    turn = models.PositiveIntegerField()
    interrupts = models.JSONField()
    wishes = models.JSONField()
    state = models.BinaryField()

    class Meta:
        db_table = "checkpoints"

    def __str__(self) -> str:
        return f"{self.graph} turn {self.turn}"
