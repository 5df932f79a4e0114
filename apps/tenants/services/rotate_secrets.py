"""Encrypt secrets anew under the first key of the ring."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from agentplatform.core.encryption import CannotDecrypt, needs_rotation
from agentplatform.core.key_ring import key_ring
from agentplatform.core.transactions import transaction
from apps.tenants.models import Secret
from apps.tenants.services.record_change import record_change
from apps.tenants.services.secret_text import seal, unseal

BATCH = 100

log = structlog.get_logger("secrets")


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """How many secrets were encrypted anew, and how many cannot be read with any key."""

    rotated: int
    failed: int


def rotate_secrets(*, at: datetime, batch: int = BATCH) -> Rotation:
    """Encrypt every tenant's secrets under the first key, those excepted that are already.

    Opens a transaction a batch, so an end in between keeps what is done and a second run does the
    rest. Who is being written at the moment is passed over: the writer uses the first key.
    """
    rotated = failed = 0
    last: UUID | None = None
    while True:
        with transaction():
            secrets = _after(last, batch)
            done = [_rotate(secret) for secret in secrets]
            if done.count(True):
                _record(done.count(True), at)
        rotated += done.count(True)
        failed += done.count(None)
        if not secrets:
            return Rotation(rotated=rotated, failed=failed)
        last = secrets[-1].id


def _after(last: UUID | None, batch: int) -> list[Secret]:
    secrets = Secret.objects.select_for_update(skip_locked=True).order_by("id")
    return list((secrets.filter(id__gt=last) if last else secrets)[:batch])


def _rotate(secret: Secret) -> bool | None:
    """Whether it was encrypted anew; None if it cannot be read."""
    try:
        if not needs_rotation(secret.ciphertext):
            return False
        text = unseal(secret)
    except CannotDecrypt as error:
        log.error("secret.unreadable", secret_id=str(secret.id), error=str(error))
        return None
    secret.ciphertext = seal(text, tenant_id=secret.tenant_id, name=secret.name)
    secret.save(update_fields=["ciphertext"])
    return True


def _record(count: int, at: datetime) -> None:
    record_change(
        tenant_id=None,
        action="secrets.rotated",
        target=("encryption_key", key_ring()[0].id),
        at=at,
        after={"count": count},
    )
