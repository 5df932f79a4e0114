"""One step of one run."""

from django.db import models

from agentplatform.core.ids import new_id
from agentplatform.core.processes import MAX_NAME
from apps.runs.states import STEP

LIVE = ("QUEUED", "RUNNING", "WAITING", "RETRYING")


class Step(models.Model):
    """`turn` is the turn that is due or being taken; `lease_token` fences whoever takes it,
    `lease_owner` names its process (core.processes).

    `attempt` counts from 1. `takeovers` counts the leases that expired within the present turn.
    `waits_for` says what a WAITING step waits for, `wait_until` until when at most. `input` is an
    item's value, or a signal that came before its step. `has_asked` says that turns of it have
    asks: while some are open it waits for ASKS, then for the CALLS of the same turn.
    """

    class WaitsFor(models.TextChoices):
        CALLS = "calls"
        TIME = "time"
        SIGNAL = "signal"
        APPROVAL = "approval"
        RUN = "run"
        ITEMS = "items"
        ASKS = "asks"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(
        "runs.Run", on_delete=models.CASCADE, related_name="steps", db_constraint=False
    )
    name = models.CharField(max_length=63)
    kind = models.CharField(max_length=16)
    item_index = models.IntegerField(default=-1, help_text="Position within a map; -1 outside.")
    position = models.PositiveIntegerField()
    status = models.CharField(max_length=16, default="PENDING")
    attempt = models.PositiveSmallIntegerField(default=1)
    max_attempts = models.PositiveSmallIntegerField()
    turn = models.PositiveIntegerField(default=0)
    takeovers = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=MAX_NAME, blank=True, default="", db_default="")
    next_attempt_at = models.DateTimeField(null=True)
    dispatched_at = models.DateTimeField(null=True)
    waits_for = models.CharField(max_length=8, choices=WaitsFor, blank=True)
    has_asked = models.BooleanField(default=False, db_default=False)
    wait_until = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    input = models.JSONField(null=True)
    output = models.JSONField(null=True)
    error = models.JSONField(null=True)
    tokens_used = models.BigIntegerField(default=0)
    cost_nanos = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "steps"
        ordering = ("run_id", "position", "item_index")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(status__in=STEP.states), name="steps_status_known"
            ),
            models.UniqueConstraint(
                fields=["run", "name", "item_index"], name="steps_one_name_in_run"
            ),
        )
        indexes = (
            models.Index(
                fields=["status", "changed_at"],
                condition=models.Q(status__in=LIVE),
                name="steps_live",
            ),
            models.Index(
                fields=["wait_until"],
                condition=models.Q(status="WAITING", wait_until__isnull=False),
                name="steps_waiting_until",
            ),
            models.Index(
                fields=["deadline_at"],
                condition=models.Q(status__in=LIVE, deadline_at__isnull=False),
                name="steps_deadline",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.status}"
