"""What a turn asks of somebody else than a model or a tool: of a person, or of another run."""

from django.db import models

from agentplatform.core.ids import new_id
from apps.runs.states import ASK


class Ask(models.Model):
    """One interrupt of a step's turn, at the position `index` among them; a turn that is taken
    again finds it. `wish` is what the graph asked for, `answer` what it is told.

    Of the kind `run`, `child_run` works for it; one that could not start was answered at once.
    """

    class Kind(models.TextChoices):
        APPROVAL = "approval"
        RUN = "run"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(
        "runs.Run", on_delete=models.CASCADE, related_name="asks", db_constraint=False
    )
    step = models.ForeignKey(
        "runs.Step", on_delete=models.CASCADE, related_name="asks", db_constraint=False
    )
    turn = models.PositiveIntegerField()
    index = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind)
    status = models.CharField(max_length=16, default="WAITING")
    wish = models.JSONField()
    answer = models.JSONField(null=True)
    wait_until = models.DateTimeField(null=True)
    child_run = models.ForeignKey(
        "runs.Run", on_delete=models.SET_NULL, null=True, related_name="+", db_constraint=False
    )
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "asks"
        ordering = ("step_id", "turn", "index")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(status__in=ASK.states), name="asks_status_known"
            ),
            models.UniqueConstraint(
                fields=["step", "turn", "index"], name="asks_one_for_an_interrupt"
            ),
        )
        indexes = (
            models.Index(
                fields=["wait_until"],
                condition=models.Q(status="WAITING", wait_until__isnull=False),
                name="asks_waiting_until",
            ),
            models.Index(
                fields=["child_run"],
                condition=models.Q(status="WAITING", kind="run"),
                name="asks_waiting_for_runs",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"
