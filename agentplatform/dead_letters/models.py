"""What could not be worked on and waits for somebody to look at it."""

from typing import ClassVar

from django.db import models

from agentplatform.core.ids import new_id

OPEN = models.Q(replayed_at=None, discarded_at=None)
"""Nobody has decided about the letter yet."""


class DeadLetter(models.Model):
    """`tenant` None: a message, which nobody is believed about; only the platform sees it.

    `payload` is what a message carried, masked and cut. `message_id` makes a message that is
    delivered again the same letter. `resolved_by` is who replayed or discarded it.
    """

    class Kind(models.TextChoices):
        MESSAGE = "message"
        STEP = "step"
        CALL = "call"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.CASCADE, null=True, related_name="+"
    )
    kind = models.CharField(max_length=8, choices=Kind)
    task = models.CharField(max_length=200, blank=True)
    payload = models.JSONField(default=dict)
    reason = models.CharField(max_length=32)
    detail = models.TextField(blank=True)
    message_id = models.CharField(max_length=255, null=True, unique=True)
    run_id = models.UUIDField(null=True)
    step_id = models.UUIDField(null=True)
    call_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    replayed_at = models.DateTimeField(null=True)
    discarded_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=254, blank=True)

    objects: ClassVar[models.Manager["DeadLetter"]] = models.Manager()

    class Meta:
        db_table = "dead_letters"
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=["message", "step", "call"]),
                name="dead_letters_kind_known",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="message") | models.Q(tenant__isnull=False),
                name="dead_letters_tenant_known",
            ),
            models.CheckConstraint(
                condition=models.Q(replayed_at=None) | models.Q(discarded_at=None),
                name="dead_letters_one_end",
            ),
        )
        indexes = (
            models.Index(fields=("kind",), condition=OPEN, name="dead_letters_open"),
            models.Index(fields=("run_id",), name="dead_letters_by_run"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.reason} {self.id}"

    @property
    def status(self) -> str:
        """open, replayed or discarded."""
        if self.replayed_at is not None:
            return "replayed"
        return "open" if self.discarded_at is None else "discarded"
