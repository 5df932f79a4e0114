"""One call of one tool: what was asked, who works on it, what came back."""

from django.db import models

from agentplatform.calls.row import CallRow


class ToolCall(CallRow):
    """`response` is a ToolResult; a failed call keeps it beside its `error`. `arguments` are what
    people may see; where that is less than what was sent, `sealed_arguments` holds it, encrypted
    (services.shown_arguments). `tenant_status` is known of a call that was just claimed."""

    kind = "tool"
    task = "tools.execute"
    tenant_status: str | None = None

    tool = models.CharField(max_length=100)
    action = models.CharField(max_length=200, blank=True, default="", db_default="")
    arguments = models.JSONField()
    sealed_arguments = models.TextField(blank=True, default="", db_default="", editable=False)
    timeout_seconds = models.FloatField()
    is_repeatable = models.BooleanField(
        default=True, help_text="May run again after a worker died in the middle of it."
    )
    backend = models.CharField(max_length=32, blank=True)
    task_arn = models.CharField("ECS task", max_length=300, blank=True, default="", db_default="")
    cpu_ms = models.PositiveIntegerField(null=True, blank=True)
    peak_memory_bytes = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta(CallRow.Meta):
        db_table = "tool_events"

    def __str__(self) -> str:
        return f"{self.tool} {self.id}"
