"""A call over HTTP that carries an Idempotency-Key."""

from django.db import models

from agentplatform.core.ids import new_id


class KeyedCall(models.Model):
    """What a key stands for: a call that is under way, or its answer.

    `caller_id` is the user who called or, of a key without one, the API key. `fingerprint` is a
    keyed hash of what was asked. While the call is under way its process holds the lease; from
    `is_asked` on a provider may have been asked. `status` None: there is no answer. With one,
    `body` None says that it was too large to be kept.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    caller_id = models.UUIDField()
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    call_id = models.UUIDField()
    lease_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    is_asked = models.BooleanField(default=False)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    headers = models.JSONField(null=True, blank=True)
    body = models.TextField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "keyed_calls"
        ordering = ("id",)
        verbose_name = "call with an idempotency key"
        verbose_name_plural = "calls with an idempotency key"
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "caller_id", "key"), name="keyed_calls_one_key"
            ),
            models.CheckConstraint(
                condition=models.Q(status=None, body=None)
                | models.Q(status__isnull=False, lease_token=None),
                name="keyed_calls_under_way_or_answered",
            ),
        )
        indexes = (
            models.Index(fields=("created_at",), name="keyed_calls_by_age"),
            models.Index(
                fields=("lease_token",),
                condition=models.Q(lease_token__isnull=False),
                name="keyed_calls_by_lease",
            ),
        )

    def __str__(self) -> str:
        return self.key
