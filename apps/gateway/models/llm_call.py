"""One model call: what was asked, who works on it, what came back."""

from django.db import models

from agentplatform.calls.row import CallRow
from agentplatform.calls.states import QUEUED


class LlmCall(CallRow):
    """`request` is a CompletionRequest, `response` a Completion.

    Tokens and cost cover every provider attempt of the call; an unknown cost is None. `deferred_by`
    names the rate limit that last had the call wait until `next_attempt_at`.
    """

    kind = "llm"
    task = "gateway.complete"

    request = models.JSONField()
    provider = models.CharField(max_length=32, blank=True)
    model = models.CharField(max_length=200, blank=True)
    is_fallback = models.BooleanField(default=False)
    deferred_by = models.CharField(max_length=64, blank=True, default="", db_default="")
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)
    cost_nanos = models.BigIntegerField(null=True, blank=True, default=0)

    class Meta(CallRow.Meta):
        db_table = "llm_calls"
        verbose_name = "model call"
        indexes = (
            *CallRow.Meta.indexes,
            models.Index(
                fields=("tenant", "deferred_by", "created_at", "id"),
                condition=models.Q(status=QUEUED) & ~models.Q(deferred_by=""),
                name="llm_calls_deferred",
            ),
        )

    def __str__(self) -> str:
        return f"{self.status} {self.id}"
