"""One call of one tool: what was asked, who works on it, what came back."""

from django.db import models

from agentplatform.calls.row import CallRow


class ToolCall(CallRow):
    """`response` is a ToolResult; a failed call keeps it beside its `error`."""

    kind = "tool"
    task = "tools.execute"

    tool = models.CharField(max_length=100)
    arguments = models.JSONField()
    timeout_seconds = models.FloatField()
    is_repeatable = models.BooleanField(
        default=True, help_text="May run again after a worker died in the middle of it."
    )
    backend = models.CharField(max_length=32, blank=True)
    cpu_ms = models.PositiveIntegerField(null=True, blank=True)
    peak_memory_bytes = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta(CallRow.Meta):
        db_table = "tool_events"

    def __str__(self) -> str:
        return f"{self.tool} {self.id}"
