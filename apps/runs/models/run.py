"""One execution of one version of a task."""

from django.db import models

from agentplatform.core.ids import new_id
from apps.runs.models.held import Held
from apps.runs.states import RUN


class Run(models.Model):
    """`event_seq` counts the run's events; who holds this row's lock may change run and steps.
    `held` is what the transaction that holds it knows (services.write_run).

    A PENDING run that `waits_for_place` starts when services.places gives it one; who locks the
    row reads its tenant's caps along, as `runs_cap` and `calls_cap`. `held_bytes` is the JSON of
    its steps' outputs and of the items of its maps, what a map joins not counted again.

    `root_run_id` is the run that a child run is within, over its `parent_run` and all above.
    """

    held: Held | None = None
    runs_cap: int | None = None
    calls_cap: int | None = None

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    task_version = models.ForeignKey(
        "runs.TaskVersion", on_delete=models.PROTECT, related_name="runs", db_constraint=False
    )
    created_by = models.ForeignKey(
        "tenants.User",
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_constraint=False,
    )
    status = models.CharField(max_length=16, default="PENDING")
    input = models.JSONField(default=dict)
    output = models.JSONField(null=True)
    error = models.JSONField(null=True)
    token_budget = models.BigIntegerField(null=True)
    tokens_used = models.BigIntegerField(default=0)
    cost_nanos = models.BigIntegerField(default=0)
    held_bytes = models.BigIntegerField(default=0, db_default=0)
    priority = models.SmallIntegerField(default=0, db_default=0)
    waits_for_place = models.BooleanField(default=False, db_default=False)
    parent_run = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="children", db_constraint=False
    )
    parent_step_id = models.UUIDField(null=True)
    root_run_id = models.UUIDField(null=True)
    depth = models.PositiveSmallIntegerField(default=0)
    forked_from = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="+", db_constraint=False
    )
    idempotency_key = models.CharField(max_length=255, null=True)
    request_hash = models.CharField(max_length=64, blank=True)
    trace_id = models.CharField(max_length=32, blank=True)
    event_seq = models.BigIntegerField(default=0)
    deadline_at = models.DateTimeField()
    advanced_at = models.DateTimeField(help_text="When the run last moved or was looked at.")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    finalized_at = models.DateTimeField(
        null=True, help_text="When the work that follows the end was done."
    )

    class Meta:
        db_table = "runs"
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(status__in=RUN.states), name="runs_status_known"
            ),
            models.UniqueConstraint(
                fields=["tenant", "idempotency_key"], name="runs_one_idempotency_key"
            ),
        )
        indexes = (
            models.Index(fields=["tenant", "-id"], name="runs_by_tenant"),
            models.Index(fields=["tenant", "completed_at"], name="runs_by_end"),
            models.Index(
                fields=["advanced_at"],
                condition=models.Q(finalized_at=None, waits_for_place=False),
                name="runs_unfinalized",
            ),
            models.Index(
                fields=["depth", "tenant"],
                condition=models.Q(status="RUNNING"),
                name="runs_in_flight_by_depth",
            ),
            models.Index(
                fields=["root_run_id"],
                condition=models.Q(root_run_id__isnull=False),
                name="runs_by_root",
            ),
            models.Index(
                fields=["depth", "tenant", "-priority", "id"],
                condition=models.Q(waits_for_place=True),
                name="runs_waiting_by_depth",
            ),
            models.Index(
                fields=["deadline_at"],
                condition=models.Q(waits_for_place=True),
                name="runs_waiting_until",
            ),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.status}"
