"""One model call: what was asked, who works on it, what came back."""

from django.db import models

from agentplatform.core.ids import new_id
from apps.gateway.states import CALL, QUEUED, RUNNING


class LlmCall(models.Model):
    """`lease_token` is the fence: only its holder may finish the call. `request` is a
    CompletionRequest, `response` a Completion, `error` a failure (code, detail, is_retryable).

    Tokens and cost cover every provider attempt of the call; an unknown cost is None.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    run_id = models.UUIDField()
    step_id = models.UUIDField()
    attempt = models.PositiveIntegerField()
    turn = models.PositiveIntegerField()
    index = models.PositiveIntegerField()
    idempotency_key = models.CharField(max_length=200, unique=True)

    request = models.JSONField()
    response = models.JSONField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True)

    status = models.CharField(max_length=16, default=QUEUED)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    executions = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    dispatched_at = models.DateTimeField(null=True, blank=True)

    provider = models.CharField(max_length=32, blank=True)
    model = models.CharField(max_length=200, blank=True)
    is_fallback = models.BooleanField(default=False)
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)
    cost_nanos = models.BigIntegerField(null=True, blank=True, default=0)
    duration_ms = models.PositiveIntegerField(default=0)

    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "llm_calls"
        ordering = ("-id",)
        verbose_name = "model call"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(status__in=list(CALL.states)), name="llm_calls_status_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(status=RUNNING)
                | models.Q(lease_token__isnull=False, lease_expires_at__isnull=False),
                name="llm_calls_running_is_leased",
            ),
        )
        indexes = (
            models.Index(fields=("step_id", "attempt", "turn", "index"), name="llm_calls_step"),
            models.Index(fields=("run_id",), name="llm_calls_run"),
            models.Index(
                fields=("created_at",),
                condition=models.Q(status=QUEUED),
                name="llm_calls_queued",
            ),
            models.Index(
                fields=("lease_expires_at",),
                condition=models.Q(status=RUNNING),
                name="llm_calls_running",
            ),
        )

    def __str__(self) -> str:
        return f"{self.status} {self.id}"
