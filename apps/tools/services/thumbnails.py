"""Small pictures of stored images, one for each content.

An image is untrusted: what decodes it runs in the sandbox, as a program does, with nothing but the
image. The row says whether a picture is wanted, made, or cannot be made.
"""

import threading
from datetime import datetime, timedelta
from typing import BinaryIO
from uuid import UUID

import structlog
from celery import current_app
from django.conf import settings
from django.db.models import QuerySet

from agentplatform.core.connections import brief_connection
from agentplatform.core.transactions import after_commit, refuse_transaction, transaction
from apps.tools.models import Artifact
from apps.tools.runners.thumbnail import make_thumbnail as draw
from apps.tools.runners.work import ToolFailure
from apps.tools.services.artifact_contents import lock_contents, open_content, thumbnail_name
from apps.tools.stores.chosen import artifact_store
from apps.tools.stores.copying import as_file

IMAGES = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
LARGEST_IMAGE = 32 * 1024 * 1024
LARGEST_THUMBNAIL = 512 * 1024
TASK = "tools.make_thumbnail"
_SEND_AGAIN = timedelta(minutes=1)
_GIVE_UP = timedelta(hours=1)
_Status = Artifact.Thumbnail

log = structlog.get_logger("tools")


def wanted_of(*, media_type: str, size_bytes: int) -> str:
    """What the row of a new artifact says of its thumbnail."""
    is_made = settings.PLATFORM.artifact_thumbnails
    is_wanted = is_made and media_type in IMAGES and 0 < size_bytes <= LARGEST_IMAGE
    return _Status.WANTED if is_wanted else _Status.NONE


def ask_for_thumbnails(rows: list[Artifact]) -> None:
    """Have those that are wanted made once the open transaction is committed."""
    for row in rows:
        if row.thumbnail == _Status.WANTED:
            after_commit(_send, artifact_id=row.id)


def ask_again(*, at: datetime, limit: int = 100) -> int:
    """Send again what was wanted a while ago, whose message may be lost; give up what is older
    still. How many were sent."""
    wanted = Artifact.objects.filter(thumbnail=_Status.WANTED)
    wanted.filter(created_at__lt=at - _GIVE_UP).update(thumbnail=_Status.FAILED)
    due = wanted.filter(created_at__lt=at - _SEND_AGAIN).order_by("id")
    ids = list(due.values_list("id", flat=True)[:limit])
    for artifact_id in ids:
        _send(artifact_id=artifact_id)
    return len(ids)


def make_thumbnail(*, artifact_id: UUID) -> None:
    """Make the thumbnail of an artifact's content for every artifact that has it; a second delivery
    does nothing. Holds no database connection meanwhile; opens transactions."""
    refuse_transaction()
    with brief_connection():
        row = Artifact.objects.filter(id=artifact_id, thumbnail=_Status.WANTED).first()
    if row is None:
        return
    picture = _drawn(row)
    with brief_connection():
        if picture is None:
            _same_content(row).update(thumbnail=_Status.FAILED)
        else:
            with picture:
                keep_thumbnail(row, picture)


def keep_thumbnail(row: Artifact, picture: BinaryIO) -> None:
    """Store the thumbnail of the row's content, unless that is deleted by now. Opens a
    transaction."""
    name = thumbnail_name(row.sha256)
    store = artifact_store()
    with (
        store.stage(
            picture, tenant_id=row.tenant_id, limit_bytes=LARGEST_THUMBNAIL, name=name
        ) as staged,
        transaction(),
    ):
        lock_contents(tenant_id=row.tenant_id, hashes=[row.sha256])
        if _same_content(row).update(thumbnail=_Status.MADE):
            store.keep([staged])


def open_thumbnail(row: Artifact) -> BinaryIO:
    """The thumbnail, a PNG image; the caller closes it. Raises NotFound, StoreUnavailable."""
    return artifact_store().open(thumbnail_name(row.sha256), tenant_id=row.tenant_id)


def _drawn(row: Artifact) -> BinaryIO | None:
    try:
        content = open_content(tenant_id=row.tenant_id, sha256=row.sha256)
        with as_file(content) as image:
            return draw(image, call=str(row.id), stop=threading.Event())
    except ToolFailure as failure:
        log.warning("thumbnail.failed", artifact_id=str(row.id), detail=failure.detail)
        return None


def _same_content(row: Artifact) -> QuerySet[Artifact]:
    return Artifact.objects.filter(tenant_id=row.tenant_id, sha256=row.sha256).exclude(
        thumbnail=_Status.NONE
    )


def _send(*, artifact_id: UUID) -> None:
    current_app.signature(TASK, kwargs={"artifact_id": str(artifact_id)}).apply_async()
