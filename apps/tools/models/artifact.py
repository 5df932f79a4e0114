"""A stored file. Its bytes lie in the artifact store under the tenant and the content's hash."""

from django.db import models

from agentplatform.core.ids import new_id


class Artifact(models.Model):
    """Uploaded by a caller (no call_id) or left by a tool call. Never changed once written.

    With a `session` it is no file for people: what calls of its step work on, one after another.
    """

    class Thumbnail(models.TextChoices):
        """The state of the small picture of an image."""

        NONE = "", "none"
        WANTED = "wanted", "wanted"
        MADE = "made", "made"
        FAILED = "failed", "cannot be made"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    run_id = models.UUIDField(null=True, blank=True)
    step_id = models.UUIDField(null=True, blank=True)
    call_id = models.UUIDField(null=True, blank=True)
    name = models.CharField(max_length=255)
    media_type = models.CharField(max_length=100)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    thumbnail = models.CharField(
        max_length=8, choices=Thumbnail.choices, blank=True, default="", db_default=""
    )
    created_at = models.DateTimeField()
    session = models.CharField(max_length=64, blank=True, db_default="", default="")

    class Meta:
        db_table = "artifacts"
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("tenant", "run_id"), name="artifacts_run"),
            models.Index(fields=("tenant", "sha256"), name="artifacts_content"),
            models.Index(
                fields=("created_at",),
                condition=models.Q(thumbnail="wanted"),
                name="artifacts_thumbnail_wanted",
            ),
        )

    def __str__(self) -> str:
        return self.name
