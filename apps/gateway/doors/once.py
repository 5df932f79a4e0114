"""Idempotency-Key: of requests that carry the same key one makes its call, and all others get its
answer."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Final
from uuid import UUID

import orjson
import structlog
from django.conf import settings

from agentplatform.core.idempotency import IDEMPOTENCY_KEY_RULE, is_idempotency_key
from agentplatform.core.ids import new_id
from agentplatform.core.keyed_hashes import keyed_hashes
from apps.gateway.doors.exchange import ClientGone, Exchange, Headers
from apps.gateway.doors.refusals import conflict, wrong
from apps.gateway.services.attempt import CallOwner, Job
from apps.gateway.services.beside import beside
from apps.gateway.services.kept_answer import KeptAnswer
from apps.gateway.services.keyed_calls import Claim, Found, KeyedCalls, Wish

FIRST_PAUSE_SECONDS: Final = 0.02
LONGEST_PAUSE_SECONDS: Final = 0.25
REFUSED_BY_PROVIDER: Final = 400
"""The status of an error that the same request would meet again."""

log = structlog.get_logger("http")


class Repeated(Exception):
    """Another request with the same key was answered so."""

    def __init__(self, answer: KeptAnswer) -> None:
        super().__init__("repeated")
        self.answer = answer


async def claim_once(exchange: Exchange, job: Job, keyed: KeyedCalls) -> Claim:
    """The right to make the call. While another with the same key is under way, wait for its end.
    Raises Repeated, Refusal, ClientGone, and PlatformError: BookingUnavailable."""
    wish = await _wish_of(exchange, job.owner)
    claimed = await keyed.claim(wish)
    if isinstance(claimed, Claim):
        return claimed
    gone = asyncio.create_task(exchange.wait_until_gone())
    try:
        pause = FIRST_PAUSE_SECONDS
        while not isinstance(claimed, Claim):
            if claimed is not None:
                _check(claimed, wish)
                await asyncio.wait({gone}, timeout=pause)
                pause = min(1.5 * pause, LONGEST_PAUSE_SECONDS)
            if gone.done():
                raise ClientGone
            claimed = await keyed.claim(wish)
        return claimed
    finally:
        gone.cancel()


def kept_answer(status: int, headers: Headers, body: bytes) -> KeptAnswer:
    """What is kept of an answer."""
    limit = settings.PLATFORM.gateway_kept_answer_limit_bytes
    return KeptAnswer.of(status, headers, body, limit=limit)


def fingerprints(path: str, body: bytes) -> tuple[str, ...]:
    """Keyed hashes of what is asked, the current key's first: the same for bodies that are the same
    as JSON, whatever the order of their names and their spaces."""
    with suppress(ValueError, TypeError):  # what orjson cannot write is compared as it was sent
        body = orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    return keyed_hashes(path.encode() + b"\n" + body, purpose="keyed_call")


async def _wish_of(exchange: Exchange, owner: CallOwner) -> Wish:
    key = exchange.idempotency_key
    if key is None or not is_idempotency_key(key):
        message = f"Invalid header 'Idempotency-Key'. {IDEMPOTENCY_KEY_RULE}"
        raise wrong("Idempotency-Key", message, code="invalid_value")
    return Wish(
        tenant_id=owner.tenant_id,
        caller_id=_caller_of(owner),
        key=key,
        fingerprints=await beside(
            partial(fingerprints, exchange.path, exchange.body), size=len(exchange.body)
        ),
        call_id=owner.call_id,
        token=new_id(),
    )


def _caller_of(owner: CallOwner) -> UUID:
    """A user's keys are one caller, so that a key may be rotated between two requests."""
    caller_id = owner.user_id or owner.api_key_id
    assert caller_id is not None
    return caller_id


def _check(found: Found, wish: Wish) -> None:
    """Returns while the other call is under way. Raises Repeated and Refusal."""
    if found.fingerprint not in wish.fingerprints:
        raise conflict(
            "This Idempotency-Key was used with another request; use a new key for a new request.",
            "idempotency_mismatch",
        )
    if found.answer is None:
        if found.is_alive:
            return
        raise conflict(
            f"Nobody knows what came of the call {found.call_id}, which was made with this "
            "Idempotency-Key: its process ended before its answer was kept. It may have been "
            "answered and charged; use a new key to make the call again.",
            "outcome_unknown",
        )
    if found.answer.body is None:
        raise conflict(
            f"The call {found.call_id} with this Idempotency-Key was answered and charged, and its "
            "answer was too large to be kept; use a new key to make the call again.",
            "answer_not_kept",
        )
    log.info("request.replayed", call_id=str(found.call_id), status=found.answer.status)
    raise Repeated(found.answer)
