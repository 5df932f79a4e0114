"""The append-only timeline of a run."""

from django.db import models


class RunEvent(models.Model):
    """`kind` is a dotted noun.verb (step.success, call.finished); `seq` counts from 1 in a run."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(
        "runs.Run", on_delete=models.CASCADE, related_name="events", db_constraint=False
    )
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=48)
    step_name = models.CharField(max_length=63, blank=True)
    item = models.IntegerField(null=True)
    at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        db_table = "run_events"
        ordering = ("run_id", "seq")
        constraints = (models.UniqueConstraint(fields=["run", "seq"], name="run_events_one_seq"),)

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"
