"""A request that is repeated with its Idempotency-Key finds the run that it made before."""

import hashlib
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from apps.runs.contracts import IdempotencyMismatch
from apps.runs.models import Run

Maker = Callable[..., Run]


def make_once(
    make: Maker, *, tenant_id: UUID, key: str | None, request: list[Any]
) -> tuple[Run, bool]:
    """What `make` returns and True, or the run that this key made before and False.

    `request` is what was asked for, as JSON: with the same key it must be the same, or
    IdempotencyMismatch is raised. `make` is given `idempotency_key` and `request_hash` for the
    run's row, and opens the transaction; of two at once one finds the other's run.
    """
    request_hash = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    if found := _find(tenant_id, key, request_hash):
        return found, False
    try:
        return make(idempotency_key=key, request_hash=request_hash), True
    except IntegrityError:
        if found := _find(tenant_id, key, request_hash):
            return found, False
        raise


def _find(tenant_id: UUID, key: str | None, request_hash: str) -> Run | None:
    if key is None:
        return None
    run = Run.objects.filter(tenant_id=tenant_id, idempotency_key=key).first()
    if run is not None and run.request_hash != request_hash:
        raise IdempotencyMismatch(
            "This Idempotency-Key was used with another request; use a new key for a new run."
        )
    return run
