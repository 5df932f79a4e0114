"""One call of one tool: what was asked, who works on it, what came back."""

from django.db import models

from agentplatform.core.ids import new_id
from apps.tools.states import CALL, QUEUED, RUNNING


class ToolCall(models.Model):
    """`lease_token` is the fence: only its holder may finish the call. `response` is a ToolResult;
    a failed call keeps it beside `error` (code, detail, is_retryable)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    run_id = models.UUIDField()
    step_id = models.UUIDField()
    attempt = models.PositiveIntegerField()
    turn = models.PositiveIntegerField()
    index = models.PositiveIntegerField()
    idempotency_key = models.CharField(max_length=200, unique=True)

    tool = models.CharField(max_length=100)
    arguments = models.JSONField()
    timeout_seconds = models.FloatField()
    is_repeatable = models.BooleanField(
        default=True, help_text="May run again after a worker died in the middle of it."
    )

    status = models.CharField(max_length=16, default=QUEUED)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    executions = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    dispatched_at = models.DateTimeField(null=True, blank=True)

    response = models.JSONField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True)
    backend = models.CharField(max_length=32, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)
    cpu_ms = models.PositiveIntegerField(null=True, blank=True)
    peak_memory_bytes = models.PositiveBigIntegerField(null=True, blank=True)

    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "tool_events"
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(status__in=list(CALL.states)), name="tool_events_status_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(status=RUNNING)
                | models.Q(lease_token__isnull=False, lease_expires_at__isnull=False),
                name="tool_events_running_is_leased",
            ),
        )
        indexes = (
            models.Index(fields=("step_id", "attempt", "turn", "index"), name="tool_events_step"),
            models.Index(fields=("run_id",), name="tool_events_run"),
            models.Index(
                fields=("created_at",),
                condition=models.Q(status=QUEUED),
                name="tool_events_queued",
            ),
            models.Index(
                fields=("lease_expires_at",),
                condition=models.Q(status=RUNNING),
                name="tool_events_running",
            ),
        )

    def __str__(self) -> str:
        return f"{self.tool} {self.id}"
