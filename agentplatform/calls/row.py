"""What the row of every call holds: where it belongs, who works on it, how it ended."""

from typing import ClassVar, Self, TypeVar

from django.db import models

from agentplatform.calls.contracts import CallKind
from agentplatform.calls.states import CALL, QUEUED, RUNNING
from agentplatform.core.ids import new_id


class CallRow(models.Model):
    """`lease_token` is the fence: only its holder may finish the call. `error` is a CallFailure;
    what `response` is, and what was asked, the app says whose call it is, as it does of `task`,
    the Celery task that works on it.

    A call that `is_held` waits for a place: nobody sends or takes it (calls.places)."""

    kind: ClassVar[CallKind]
    task: ClassVar[str]

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    run_id = models.UUIDField()
    step_id = models.UUIDField()
    attempt = models.PositiveIntegerField()
    turn = models.PositiveIntegerField()
    index = models.PositiveIntegerField()
    idempotency_key = models.CharField(max_length=200, unique=True)

    status = models.CharField(max_length=16, default=QUEUED)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    priority = models.SmallIntegerField(default=0, db_default=0)
    is_held = models.BooleanField(default=False, db_default=False)
    executions = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    dispatched_at = models.DateTimeField(null=True, blank=True)

    response = models.JSONField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)

    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        abstract = True
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(status__in=list(CALL.states)), name="%(class)s_status_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(status=RUNNING)
                | models.Q(lease_token__isnull=False, lease_expires_at__isnull=False),
                name="%(class)s_running_is_leased",
            ),
        )
        indexes: ClassVar[tuple[models.Index, ...]] = (
            models.Index(fields=("step_id", "attempt", "turn", "index"), name="%(class)s_step"),
            models.Index(fields=("run_id",), name="%(class)s_run"),
            models.Index(
                fields=("created_at",),
                condition=models.Q(status=QUEUED, is_held=False),
                name="%(class)s_queued",
            ),
            models.Index(
                fields=("tenant", "-priority", "created_at"),
                condition=models.Q(status=QUEUED, is_held=True),
                name="%(class)s_held",
            ),
            models.Index(
                fields=("lease_expires_at",),
                condition=models.Q(status=RUNNING),
                name="%(class)s_running",
            ),
        )


Row = TypeVar("Row", bound=CallRow)
