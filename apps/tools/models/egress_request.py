"""One request by which a tool call left its sandbox, or wanted to, or by which an MCP server was
asked for its tools."""

from django.db import models


class EgressRequest(models.Model):
    """Append-only. A request for the tools of an MCP server belongs to no run. `refusal` empty: it
    left. `via` is what sent it; `method` is CONNECT for a tunnel, whose requests are not seen, and
    DNS for a name that was only asked for. `status` is the host's answer to a request that could be
    read."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    run_id = models.UUIDField(null=True, blank=True)
    step_id = models.UUIDField(null=True, blank=True)
    call_id = models.UUIDField(null=True, blank=True)
    via = models.CharField(max_length=16)
    method = models.CharField(max_length=20)
    host = models.CharField(max_length=255)
    port = models.PositiveIntegerField()
    address = models.CharField(max_length=45, blank=True)
    refusal = models.CharField(max_length=500, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    sent_bytes = models.PositiveBigIntegerField(default=0)
    received_bytes = models.PositiveBigIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        db_table = "egress_requests"
        ordering = ("-id",)
        verbose_name = "egress request"
        indexes = (
            models.Index(fields=("tenant", "run_id"), name="egress_requests_run"),
            models.Index(fields=("tenant", "call_id"), name="egress_requests_call"),
        )

    def __str__(self) -> str:
        return f"{self.method} {self.host}"
