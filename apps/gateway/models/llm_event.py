"""One attempt to have a provider answer a call, written in the transaction that settles it."""

from django.db import models

from apps.gateway.states import ATTEMPT_STATUSES


class LlmEvent(models.Model):
    """Append-only. `cost_nanos` None: the price is not known. `is_confirmed` False: the tokens are
    what was reserved, for nobody knows what the provider counted. `is_discarded`: the answer came
    after its worker had lost the call; it is paid for and not used. `user_id` and `api_key_id` are
    of a call made over HTTP; whom a run's calls are charged to stands in `run_spenders`.
    `is_own_key`: the tenant's own key was used, so that the provider bills the tenant."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    run_id = models.UUIDField(null=True, blank=True)
    step_id = models.UUIDField(null=True, blank=True)
    call_id = models.UUIDField(null=True, blank=True)
    user_id = models.UUIDField(null=True, blank=True)
    api_key_id = models.UUIDField(null=True, blank=True)
    attempt_id = models.UUIDField(unique=True)
    provider = models.CharField(max_length=32)
    model = models.CharField(max_length=200)
    status = models.CharField(max_length=16)
    error_code = models.CharField(max_length=64, blank=True)
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)
    cached_tokens = models.PositiveBigIntegerField(default=0)
    cache_write_tokens = models.PositiveBigIntegerField(default=0, db_default=0)
    reasoning_tokens = models.PositiveBigIntegerField(default=0)
    cost_nanos = models.BigIntegerField(null=True, blank=True)
    latency_ms = models.PositiveIntegerField(default=0)
    is_fallback = models.BooleanField(default=False)
    previous_provider = models.CharField(max_length=32, blank=True)
    is_confirmed = models.BooleanField(default=True)
    is_discarded = models.BooleanField(default=False)
    is_own_key = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "llm_events"
        ordering = ("-id",)
        verbose_name = "model call attempt"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(status__in=list(ATTEMPT_STATUSES)),
                name="llm_events_status_known",
            ),
        )
        indexes = (
            models.Index(fields=("tenant", "created_at"), name="llm_events_by_tenant"),
            models.Index(fields=("run_id",), name="llm_events_run"),
            models.Index(fields=("call_id",), name="llm_events_call"),
        )

    def __str__(self) -> str:
        return f"{self.provider} {self.model} {self.status}"
